import { mkdir } from 'node:fs/promises';
import { SingleBar } from 'cli-progress';
import pc from 'picocolors';
import { encodeImage, ImageFileError, type Picture, type ReadPicture, readImage, readImageFrom, writeImage } from '../codecs/index.ts';
import { OutOfMemoryError, ShapeError } from '../errors.ts';
import { filters } from '../image/index.ts';
import { load } from '../load.ts';
import type { Variant } from '../runtime/backend.ts';
import { type Given, parseKernel } from './filters.ts';
import { type Job, jobsOf, STREAM } from './jobs.ts';
import { UsageError } from './usage.ts';

export interface FilterArguments extends Given {
  readonly kernel: string;
  readonly output?: string;
  readonly format?: string;
  readonly quality?: number;
  readonly threads?: number | 'auto';
  readonly variant?: Variant;
}

const STDIN = 'standard input';
const STDOUT = 'standard output';

/** Refuses a terminal, where an image can be neither typed nor shown. */
function checkStreams({ input, output }: Job): void {
  if (input === STREAM && process.stdin.isTTY) throw new UsageError(`${STDIN}: a terminal, expected an image`);
  if (output === STREAM && process.stdout.isTTY) throw new UsageError(`${STDOUT}: a terminal, expected a file or a pipe (-o names a file)`);
}

const read = (input: string) => (input === STREAM ? readImageFrom(process.stdin, STDIN) : readImage(input));

async function write(output: string, picture: Picture, format: string | undefined, quality: number | undefined): Promise<void> {
  if (output !== STREAM) return writeImage(output, picture, { format, quality });
  const bytes = await encodeImage(STDOUT, picture, format ?? 'png', quality);
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(bytes, (error) => (error ? reject(new ImageFileError(STDOUT, error.message, { cause: error })) : resolve()));
  });
}

/** Why this image fails. Undefined if the arguments are wrong: then every image fails, and the command stops. */
function failureOf(input: string, error: unknown): string | undefined {
  if (error instanceof ImageFileError) return error.message;
  const isOfImage = error instanceof OutOfMemoryError || (error instanceof ShapeError && /^image\b/.test(error.argument));
  return isOfImage ? `${input}: ${error.message}` : undefined;
}

/** Filters files one after another. A broken one is told, and the others are done. */
export async function filter(
  given: readonly string[],
  { kernel, output, format, quality, threads, variant, ...options }: FilterArguments,
): Promise<void> {
  const { apply, label } = await parseKernel(kernel);
  const { jobs, folder } = await jobsOf(given, { output, label, format });
  for (const job of jobs) checkStreams(job);
  const engine = await load({ variant: variant ?? 'auto', ...(threads !== undefined && { threads }) });
  const f = filters(engine);
  const bar = new SingleBar({ format: '{bar} {value}/{total} {name}', hideCursor: true, clearOnComplete: true, stream: process.stderr });
  const shown = jobs.length > 1 && process.stderr.isTTY;
  if (shown) bar.start(jobs.length, 0, { name: '' });
  const told: string[] = [];
  try {
    for (const { input, output } of jobs) {
      if (shown) bar.update({ name: input });
      try {
        const image: ReadPicture = await read(input);
        const result = apply(f, image, options);
        if (folder !== undefined) await makeFolder(folder);
        await write(
          output,
          { ...image, data: result.data as Uint8Array },
          format ?? (output === STREAM ? image.format : undefined),
          quality,
        );
        const where = output === STREAM ? STDOUT : output;
        told.push(`${kernel}, ${image.width}×${image.height}, on '${engine.variant}' → ${where}`);
      } catch (error) {
        const failure = failureOf(input, error);
        if (failure === undefined) throw error;
        told.push(`${pc.red('error:')} ${failure}`);
        process.exitCode = 1;
      }
      if (shown) bar.increment();
    }
  } finally {
    if (shown) bar.stop();
    if (told.length > 0) process.stderr.write(`${told.join('\n')}\n`);
    engine.dispose();
  }
}

/** Called before each write, so that no folder is left behind when nothing is written. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`);
  }
}
