import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** What the lock files say of everything that is installed, here, for the documentation and for the peers. */
interface Locked {
  readonly dev?: boolean;
  readonly license?: string;
}

const PERMISSIVE = [
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'Unlicense',
  'Public domain',
  'Python-2.0',
];

/** Licences that were read, of tools that no user of the package gets. */
const READ: Readonly<Record<string, string>> = {
  '@fontsource-variable/inter': 'OFL-1.1: the letters of the playground',
  '@fontsource-variable/source-serif': 'OFL-1.1: the letters of the playground',
  lightningcss: 'MPL-2.0: used as it is, to build pages',
  'node-bitmap': 'MIT, in its README; of the package that holds the photograph',
  pngjs: 'MIT, in the README of its version 0.4; of the package that holds the photograph',
};

async function locked(folder: string): Promise<[name: string, Locked][]> {
  const text = await readFile(fileURLToPath(new URL(`../${folder}package-lock.json`, import.meta.url)), 'utf8');
  const packages = Object.entries(JSON.parse(text).packages as Record<string, Locked>);
  return packages.filter(([path]) => path !== '').map(([path, entry]) => [path.replace(/^.*node_modules\//, ''), entry]);
}

/** "(MIT OR Apache-2.0)": one is enough. */
const isPermissive = ({ license = '' }: Locked) =>
  license
    .replace(/[()]/g, '')
    .split(' OR ')
    .some((each) => PERMISSIVE.includes(each));

describe('licences', () => {
  it('of what users install let them do as they like', async () => {
    const production = (await locked('')).filter(([, { dev }]) => !dev);
    expect(production.length).toBeGreaterThan(5);
    expect(production.filter(([, entry]) => !isPermissive(entry))).toEqual([]);
  });

  it.each(['', 'docs/typedoc/'])('of what developers install were read: %spackage-lock.json', async (folder) => {
    const others = (await locked(folder)).filter(([, entry]) => !isPermissive(entry)).map(([name]) => name);
    expect(others.filter((name) => !Object.keys(READ).some((known) => name === known || name.startsWith(`${known}-`)))).toEqual([]);
  });
});
