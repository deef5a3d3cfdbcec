import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Folders that are committed: what the build makes in others need not be there. */
const FOLDERS = ['.ci', 'assembly', 'bench', 'docs', 'examples', 'scripts', 'src', 'test'];

/** From the root, wherever it stands: in prose, in backticks, in a block of code. A placeholder (`src/ops/<operator>.ts`) ends it. */
const FROM_ROOT = new RegExp(`(?<![\\w./@-])(?:${FOLDERS.map((folder) => folder.replace('.', '\\.')).join('|')})/[\\w./-]*`, 'g');
/** A source file, named alone: it has to say where it is. */
const SCRIPT = /`([\w./-]+\.(?:ts|mjs))`/g;
/** Of a link or an image, to a file. */
const LINK = /\]\((?![a-z]+:|#)([^)\s#]+)/g;

/** Paths from the root that a document names. */
function pathsIn(text: string, folder: string): string[] {
  const named = [...text.matchAll(FROM_ROOT)].map(([path]) => path);
  const scripts = [...text.matchAll(SCRIPT)].map(([, path]) => path);
  const links = [...text.matchAll(LINK)].map(([, path]) => join(folder, path));
  return [...new Set([...named, ...scripts, ...links])].map((path) => path.replace(/\.$/, ''));
}

const isThere = async (path: string) =>
  access(join(root, path)).then(
    () => true,
    () => false,
  );

describe('paths in documents', async () => {
  const docs = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`);

  it.each([...docs, 'README.md', 'CONTRIBUTING.md'])('%s names files that exist', async (document) => {
    const paths = pathsIn(await readFile(join(root, document), 'utf8'), document.startsWith('docs/') ? 'docs' : '');
    expect(paths.length).toBeGreaterThan(0);
    const there = await Promise.all(paths.map(isThere));
    expect(paths.filter((_, i) => !there[i])).toEqual([]);
  });

  it('are found in prose, code and links, and are not what only looks like one', () => {
    const text =
      'See src/a.ts, `b.ts` and [c](d.md#e), ![f](g.png).\n```\nx  src/h/\n```\n`src/ops/<name>.ts` [i](https://a.b/src/j.ts) `pkg/src/k`';
    expect(pathsIn(text, 'docs').sort()).toEqual(['b.ts', 'docs/d.md', 'docs/g.png', 'src/a.ts', 'src/h/', 'src/ops/']);
  });
});
