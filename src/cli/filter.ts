import { mkdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { SingleBar } from 'cli-progress';
import pc from 'picocolors';
import { glob, isDynamicPattern } from 'tinyglobby';
import type { Variant } from '../backend.ts';
import { ImageFileError, readImage, writeImage } from '../files/index.ts';
import { filters } from '../image/index.ts';
import { load } from '../load.ts';
import { type Apply, type Given, parseKernel } from './filters.ts';
import { UsageError } from './usage.ts';

export interface FilterArguments extends Given {
  readonly kernel: string;
  readonly output: string;
  readonly quality?: number;
  readonly threads?: number | 'auto';
  readonly variant?: Variant;
}

interface Job {
  readonly input: string;
  readonly output: string;
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

/** One image becomes a file; several, or one with a folder to go to, keep their names there. */
async function jobsOf(inputs: readonly string[], output: string): Promise<Job[]> {
  const kind = await kindOf(output);
  const folder = kind === 'folder' || /[\\/]$/.test(output);
  if (!folder && inputs.length === 1) return [{ input: inputs[0], output }];
  if (kind === 'other') throw new UsageError(`${output}: a file, but there are ${inputs.length} images: expected a folder`);
  const names = new Map<string, string>();
  for (const input of inputs) {
    const other = names.get(basename(input));
    if (other !== undefined) throw new UsageError(`${other} and ${input} would both become ${join(output, basename(input))}`);
    names.set(basename(input), input);
  }
  try {
    await mkdir(output, { recursive: true });
  } catch (error) {
    throw new UsageError(`${output}: ${(error as Error).message}`);
  }
  return inputs.map((input) => ({ input, output: join(output, basename(input)) }));
}

/** Filters files one after another. A broken one is told, and the others are done. */
export async function filter(
  given: readonly string[],
  { kernel, output, quality, threads, variant, ...options }: FilterArguments,
): Promise<void> {
  const apply: Apply = await parseKernel(kernel);
  const jobs = await jobsOf(await resolveInputs(given), output);
  const engine = await load({ variant: variant ?? 'auto', ...(threads && { threads }) });
  const f = filters(engine);
  const bar = new SingleBar({ format: '{bar} {value}/{total} {name}', hideCursor: true, clearOnComplete: true, stream: process.stderr });
  const shown = jobs.length > 1 && process.stderr.isTTY;
  if (shown) bar.start(jobs.length, 0, { name: '' });
  const told: string[] = [];
  for (const { input, output } of jobs) {
    if (shown) bar.update({ name: input });
    try {
      const image = await readImage(input);
      const result = apply(f, image, options);
      await writeImage(output, { ...image, data: result.data as Uint8Array }, { quality });
      told.push(`${kernel}, ${image.width}×${image.height}, on '${engine.variant}' → ${output}`);
    } catch (error) {
      if (!(error instanceof ImageFileError)) {
        if (shown) bar.stop();
        throw error;
      }
      told.push(`${pc.red('error:')} ${error.message}`);
      process.exitCode = 1;
    }
    if (shown) bar.increment();
  }
  if (shown) bar.stop();
  process.stderr.write(`${told.join('\n')}\n`);
  engine.dispose();
}
