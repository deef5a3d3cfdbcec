#!/usr/bin/env node
import { main } from './main.ts';

// Whoever reads the output may stop: `simdconv info | head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  process.stderr.write(`error: standard output: ${error.message}\n`);
  process.exit(1);
});

await main(process.argv.slice(2));
