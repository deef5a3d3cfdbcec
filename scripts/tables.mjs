/**
 * npm run operators: writes the tables of operators between their markers, from the contracts in src/ops/.
 *
 *   README.md           <!-- operators: names -->     every name, by family
 *   docs/operators.md   <!-- operators: families -->  what each computes, with its example
 */
import { readFile, writeFile } from 'node:fs/promises';
import { readFamilies } from './operators.mjs';

export const DOCUMENTS = ['README.md', 'docs/operators.md'];

/** In a table a bar ends a cell, even inside code. */
const cells = (row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
const table = (head, rows) => [cells(head), cells(head.map(() => '---')), ...rows.map(cells)].join('\n');

const TABLES = {
  names: (families) =>
    table(
      ['Family', 'Operators'],
      families.map(({ title, operators }) => [title, operators.map(({ name }) => `\`${name}\``).join(', ')]),
    ),
  families: (families) =>
    families
      .map(({ title, operators }) => {
        const rows = operators.map(({ name, parameters, summary, example }) => [
          `\`${name}(${parameters.join(', ')})\``,
          summary,
          `\`${example}\``,
        ]);
        return `## ${title}\n\n${table(['Operator', 'Result', 'Example'], rows)}`;
      })
      .join('\n\n'),
};

/** The text of a document with its tables made anew. */
export function withTables(text, families) {
  return text.replace(/(<!-- operators: (\w+) -->)[\s\S]*?(<!-- \/operators -->)/g, (_, begin, name, end) => {
    if (!(name in TABLES)) throw new Error(`there is no table '${name}'`);
    return `${begin}\n\n${TABLES[name](families)}\n\n${end}`;
  });
}

if (import.meta.filename === process.argv[1]) {
  const families = await readFamilies();
  for (const file of DOCUMENTS) await writeFile(file, withTables(await readFile(file, 'utf8'), families));
}
