import { Command } from 'commander';
import { matching, quickShapes, shapes } from './shapes.mjs';

/** What every bench understands. */
export function benchCommand(name, description) {
  return new Command(name)
    .description(description)
    .option(
      '--filter <text>',
      'only names that contain this; of shapes, words of name, operator or network that begin with it (x for ×)',
      '',
    )
    .option('--quick', 'in seconds: few shapes unless a filter names others, short times; rough factors, not figures', false)
    .option('--json', 'results as JSON', false)
    .option('--save <file>', 'also write the results as JSON into this file, for npm run figures');
}

/** The shapes that were asked for. None is a mistake. */
export function chosenShapes(command) {
  const { filter, quick } = command.opts();
  const chosen = filter ? matching(filter) : quick ? quickShapes : shapes;
  if (chosen.length === 0) command.error(`no shape matches '${filter}'; there are:\n${shapes.map((s) => `  ${s.name}`).join('\n')}`);
  return chosen;
}
