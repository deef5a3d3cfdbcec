import type { Variant } from '../backend.ts';
import { filterImage, imageKernel, imageKernelNames, readPng, writePng } from '../image/index.ts';
import { load } from '../load.ts';

/** An argument that names nothing. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export async function filter(input: string, options: { kernel: string; output: string; variant?: Variant }): Promise<void> {
  const kernel = imageKernel(options.kernel);
  if (kernel === undefined) throw new UsageError(`unknown kernel '${options.kernel}', expected one of ${imageKernelNames.join(', ')}`);
  const engine = await load({ variant: options.variant ?? 'auto' });
  const image = await readPng(input);
  await writePng(options.output, filterImage(engine, image, kernel));
  process.stderr.write(
    `${options.kernel} (${kernel.description}), ${image.width}×${image.height}, on '${engine.variant}' → ${options.output}\n`,
  );
}
