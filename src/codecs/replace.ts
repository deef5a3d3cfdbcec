import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { access, chmod, constants, readlink, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** What `path` names now, links followed; undefined where there is nothing. */
async function existing(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

/** Where a link leads; undefined where there is none. */
async function linkOf(path: string): Promise<string | undefined> {
  try {
    return resolve(await realpath(dirname(path)), await readlink(path));
  } catch {
    return undefined;
  }
}

/** What `path` names once links are followed, whether there is such a file or not. `stat` has refused links that lead in a circle. */
async function targetOf(path: string): Promise<string> {
  let target = path;
  for (let next: string | undefined = path; next !== undefined; next = await linkOf(target)) target = next;
  return target;
}

/** Puts a whole file in the place of `path`. Not of a link, but of the file it names. */
async function replace(path: string, bytes: Buffer, old: Stats | undefined): Promise<void> {
  const target = await targetOf(path);
  const temporary = `${target}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(temporary, bytes, { flag: 'wx' });
    if (old !== undefined) await chmod(temporary, old.mode);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Writes under another name, then renames: whoever reads `path` sees the old file or the new one, never half of one.
 * A device or a pipe is no file to be replaced, and is written to.
 */
export async function writeWhole(path: string, bytes: Buffer): Promise<void> {
  const old = await existing(path);
  if (old !== undefined) await access(path, constants.W_OK);
  if (old === undefined || old.isFile()) await replace(path, bytes, old);
  else await writeFile(path, bytes);
}
