import { createRequire } from 'node:module';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';
import { ImageFileError } from '../codecs/index.ts';
import { LayoutError, OptionError, OutOfMemoryError, ShapeError, UnsupportedError } from '../errors.ts';
import { bench } from './bench.ts';
import { filter } from './filter.ts';
import { info } from './info.ts';
import { UsageError } from './usage.ts';

const { version, description } = createRequire(import.meta.url)('../../package.json') as { version: string; description: string };

/** What a user can mend: told in a line. Anything else is a fault of this program, and keeps its stack. */
const EXPECTED = [ImageFileError, UsageError, UnsupportedError, OutOfMemoryError, ShapeError, OptionError, LayoutError];

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('expected a number.');
  return value;
}

function formatName(text: string): string {
  const name = text.toLowerCase().replace(/^\./, '');
  if (!/^[a-z\d]+$/.test(name)) throw new InvalidArgumentError('expected png, jpeg or what sharp writes.');
  return name;
}

function percentage(text: string): number {
  const value = number(text);
  if (!(value >= 1 && value <= 100)) throw new InvalidArgumentError('expected a number from 1 to 100.');
  return value;
}

function commands(): Command {
  const program = new Command('simdconv')
    .description(description)
    .version(version)
    .showHelpAfterError('(simdconv --help says more)')
    .exitOverride();

  program
    .command('info')
    .description('the host, its WebAssembly features, and the variant that load() chooses')
    .option('--json', 'as JSON')
    .action(({ json = false }) => info(version, json));

  program
    .command('filter')
    .description('apply an image kernel to PNG and JPEG images, and to what sharp reads where that is installed; alpha is kept')
    .argument('<inputs...>', "images, patterns like photos/*.jpg, or '-' for standard input")
    .requiredOption(
      '-k, --kernel <kernel>',
      "a kernel's name (an unknown one lists them all), a JSON file, or weights: '0 -1 0; -1 5 -1; 0 -1 0'",
    )
    .option(
      '-o, --output <path>',
      "a file, a folder for several images, or '-' for standard output; what is there is replaced " +
        "(default: photo.emboss.png beside photo.png; '-' for standard input)",
    )
    .option('--format <format>', 'of the results: png, jpeg or what sharp writes', formatName)
    .option('--divisor <number>', 'what sums are divided by', number)
    .option('--bias <number>', 'what is added to results', number)
    .option('--radius <pixels>', 'of blur, gaussian-blur, unsharp-mask, erode, dilate', number)
    .option('--sigma <pixels>', 'of gaussian-blur, unsharp-mask', number)
    .option('--amount <number>', 'of unsharp-mask', number)
    .option('--threshold <number>', 'of unsharp-mask', number)
    .option('--direction <direction>', 'of emboss: top-left, top, …; of sobel, scharr, prewitt: x, y or magnitude')
    .option('--length <pixels>', 'of motion-blur', number)
    .option('--angle <degrees>', 'of motion-blur', number)
    .addOption(new Option('--border <mode>', 'beyond the edge').choices(['constant', 'replicate', 'reflect', 'reflect-101', 'wrap']))
    .option('--border-value <byte>', 'beyond the edge, with --border constant', number)
    .addOption(new Option('--alpha <what>', 'whether alpha is kept').choices(['keep', 'filter']))
    .option('--quality <percent>', 'of JPEG images', percentage)
    .option('--threads <count>', "that share the work, or 'auto'", (text) => (text === 'auto' ? text : number(text)))
    .addOption(new Option('--variant <variant>', 'the kernels to run on').choices(['simd', 'relaxed-simd', 'js']))
    .action(filter);

  program
    .command('bench')
    .description('convolution in WebAssembly, in plain JavaScript and in the bit-exact fallback, on this machine')
    .option('--json', 'as JSON')
    .option('--quick', 'fewer shapes, shorter runs')
    .action(({ json = false, quick = false }) => bench(version, json, quick));

  return program;
}

/** Does what the arguments ask for. The exit code is left in `process`. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    await commands().parseAsync(args, { from: 'user' });
  } catch (error) {
    // It has said what was wrong, or the version.
    if (error instanceof CommanderError) process.exitCode = error.exitCode;
    else if (EXPECTED.some((type) => error instanceof type)) {
      process.stderr.write(`${pc.red('error:')} ${(error as Error).message}\n`);
      process.exitCode = 1;
    } else throw error;
  }
}
