#!/usr/bin/env node
import { createRequire } from 'node:module';
import { Command, Option } from 'commander';
import pc from 'picocolors';
import { LayoutError, OptionError, OutOfMemoryError, ShapeError, UnsupportedError } from '../errors.ts';
import { ImageFileError } from '../image/index.ts';
import { bench } from './bench.ts';
import { filter, UsageError } from './filter.ts';
import { info } from './info.ts';

const { version, description } = createRequire(import.meta.url)('../../package.json') as { version: string; description: string };

/** What a user can mend: told in a line. Anything else is a fault of this program, and keeps its stack. */
const EXPECTED = [ImageFileError, UsageError, UnsupportedError, OutOfMemoryError, ShapeError, OptionError, LayoutError];

const program = new Command('simdconv').description(description).version(version).showHelpAfterError('(simdconv --help says more)');

program
  .command('info')
  .description('the host, its WebAssembly features, and the variant that load() chooses')
  .option('--json', 'as JSON')
  .action(({ json = false }) => info(version, json));

program
  .command('filter')
  .description('apply an image kernel to a PNG image: edges repeated outwards, results rounded and clamped, alpha kept')
  .argument('<input>', 'a PNG image')
  .requiredOption('-k, --kernel <name>', "a kernel's name; an unknown one lists them all")
  .requiredOption('-o, --output <file>', 'where the PNG image goes; a file that is there is replaced')
  .addOption(new Option('--variant <variant>', 'the kernels to run on').choices(['simd', 'relaxed-simd', 'js']))
  .action(filter);

program
  .command('bench')
  .description('convolution in WebAssembly and in JavaScript on this machine')
  .option('--json', 'as JSON')
  .option('--quick', 'fewer shapes, shorter runs')
  .action(({ json = false, quick = false }) => bench(version, json, quick));

// Whoever reads the output may stop: `simdconv info | head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

try {
  await program.parseAsync();
} catch (error) {
  if (!EXPECTED.some((type) => error instanceof type)) throw error;
  process.stderr.write(`${pc.red('error:')} ${(error as Error).message}\n`);
  process.exitCode = 1;
}
