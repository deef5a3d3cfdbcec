import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** What a folder of results keeps from run to run. */
const STATE = 'batch.json';
const PARTIAL = '.partial';

export const isPartial = (name) => name.endsWith(PARTIAL);

/** Under its name there is the whole of a file or nothing, whenever the process is killed, and whenever the machine fails. */
export async function writeWhole(path, data) {
  const partial = `${path}${PARTIAL}`;
  try {
    const handle = await open(partial, 'w');
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** Refuses folders that a batch cannot work on, before anything is made. */
export async function checkFolders(input, output) {
  const found = await stat(input).catch((error) => {
    throw new Error(`${input}: ${error.code === 'ENOENT' ? 'no such folder' : error.message}`);
  });
  if (!found.isDirectory()) throw new Error(`${input}: not a folder`);
  // Two names of one folder are the same path once links are resolved. An output that is not there yet is another folder.
  const resolved = await realpath(output).catch(() => undefined);
  if (resolved === (await realpath(input))) throw new Error(`${output}: results would replace the images of ${input}`);
}

/** The filter that a folder was begun with; undefined where its state is missing, or is broken. */
async function begunWith(output) {
  try {
    const { filter } = JSON.parse(await readFile(join(output, STATE), 'utf8'));
    return typeof filter === 'string' ? filter : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError || error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * A folder holds the results of one filter.
 *
 * @param {() => Promise<string[]>} recognise the filters that make what is in the folder, for when its state is lost
 */
export async function keepTo(output, filter, recognise) {
  let begun = await begunWith(output);
  if (begun === undefined) {
    const possible = await recognise();
    if (possible.length === 0)
      throw new Error(`${output}: ${STATE} is lost, and no filter makes the results that are there: name another folder`);
    begun = possible.includes(filter) ? filter : possible[0];
    await writeWhole(join(output, STATE), JSON.stringify({ filter: begun }));
  }
  if (begun !== filter) throw new Error(`${output} was begun with the filter ${begun}, not ${filter}`);
}
