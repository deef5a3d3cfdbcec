import { stat } from 'node:fs/promises';
import { basename, extname, format as formatPath, join, parse, resolve } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { UsageError } from './usage.ts';

/** Standard input, and standard output. */
export const STREAM = '-';

export interface Job {
  readonly input: string;
  readonly output: string;
}

export interface Jobs {
  readonly jobs: readonly Job[];
  /** Where results go, if it has to be made. */
  readonly folder?: string;
}

export interface Wanted {
  /** A file, a folder or `-`. Without it, a name beside each input: photo.png becomes photo.emboss.png. */
  readonly output?: string;
  /** What results are called where the input's name does not do. */
  readonly label: string;
  /** The ending of names that are made here, if it is not the input's. */
  readonly format?: string;
}

async function kindOf(path: string): Promise<'folder' | 'other' | 'none'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'other';
  } catch {
    return 'none';
  }
}

/** Files by their names, or by patterns where a shell has not resolved them. */
async function resolveInputs(given: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of given) {
    if (!isDynamicPattern(name) || (await kindOf(name)) !== 'none') found.push(name);
    else {
      const matches = await glob(process.platform === 'win32' ? name.replaceAll('\\', '/') : name, { expandDirectories: false });
      if (matches.length === 0) throw new UsageError(`no file matches '${name}'`);
      found.push(...matches.sort());
    }
  }
  return [...new Set(found)];
}

const endingOf = (input: string, format: string | undefined) => (format === undefined ? extname(input) : `.${format}`);

/** photo.png, filtered by emboss: photo.emboss.png. */
function besideOf(input: string, { label, format }: Wanted): string {
  const { dir, name } = parse(input);
  return formatPath({ dir, name: `${name}.${label}`, ext: endingOf(input, format) || '.png' });
}

/** The input's name in the folder. */
function withinOf(folder: string, input: string, { format }: Wanted): string {
  return join(folder, basename(input, extname(input)) + endingOf(input, format));
}

/** Refuses two results of one name, and a result in the place of an image that is still to be read. */
function checkApart(jobs: readonly Job[]): void {
  const makers = new Map<string, string>();
  for (const { input, output } of jobs) {
    const other = makers.get(resolve(output));
    if (other !== undefined) throw new UsageError(`${other} and ${input} would both become ${output}`);
    makers.set(resolve(output), input);
  }
  for (const { input } of jobs) {
    const maker = makers.get(resolve(input));
    if (maker !== undefined && maker !== input) throw new UsageError(`${maker} would become ${input}, which is to be filtered itself`);
  }
}

/** Which file becomes which: one image a file, several, or one with a folder to go to, files of their names there. */
export async function jobsOf(given: readonly string[], wanted: Wanted): Promise<Jobs> {
  const inputs = await resolveInputs(given);
  const output = wanted.output ?? (given.includes(STREAM) ? STREAM : undefined);
  if (inputs.length > 1 && (output === STREAM || inputs.includes(STREAM))) {
    throw new UsageError(`'-' is one image, but there are ${inputs.length}`);
  }
  if (output === STREAM) return { jobs: [{ input: inputs[0], output }] };
  if (output === undefined) {
    const jobs = inputs.map((input) => ({ input, output: besideOf(input, wanted) }));
    checkApart(jobs);
    return { jobs };
  }
  const kind = await kindOf(output);
  if (kind !== 'folder' && !/[\\/]$/.test(output) && inputs.length === 1) return { jobs: [{ input: inputs[0], output }] };
  if (kind === 'other') throw new UsageError(`${output}: a file, but there are ${inputs.length} images: expected a folder`);
  if (inputs.includes(STREAM)) throw new UsageError(`${output}: a folder, but standard input has no name: expected a file or '-'`);
  const jobs = inputs.map((input) => ({ input, output: withinOf(output, input, wanted) }));
  checkApart(jobs);
  return { jobs, folder: output };
}
