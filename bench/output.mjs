import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { dirname } from 'node:path';
import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import pc from 'picocolors';

export function machine() {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    platform: `${os.type()} ${os.arch()}`,
    node: process.versions.node,
    v8: process.versions.v8,
    // Of the minute before: what is measured beside other work is not to be published.
    load: os.loadavg()[0],
    date: new Date().toISOString().slice(0, 10),
  };
}

export function describeMachine({ cpu, cores, platform, node, v8 } = machine()) {
  return `${cpu}, ${cores} cores, ${platform}, Node ${node}, V8 ${v8}`;
}

export function describePeak(peak) {
  const gflops = Object.entries(peak).filter(([variant]) => variant !== 'js');
  const each = gflops.map(([variant, p]) => `${variant} ${p.gflops.toFixed(1)} GFLOP/s (${p.accumulators} accumulators)`);
  return `peak of one thread: ${each.join(', ')}; copy of 3.2 MB ${peak.simd.copyGbps.toFixed(0)} GB/s`;
}

/** Three figures that matter, whatever the size. */
export function figure(value) {
  if (!Number.isFinite(value)) return '—';
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

export const times = (ratio) => `${figure(ratio)}×`;

/** GFLOP/s where something is multiplied, else GB/s; of Winograd those of the direct sum that it stands for. */
export const rate = ({ gflops, gbps, algorithm }) =>
  gflops ? `${figure(gflops)} GF/s${algorithm === 'winograd' ? ' eff.' : ''}` : `${figure(gbps)} GB/s`;

export const shareOf = (perSecond, flops, peak) => perSecond / (flops ? peak.gflops : peak.copyGbps);

/** Results as JSON, for npm run figures. */
export async function save(file, results) {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(results, undefined, 2)}\n`);
}

export const percent = (share) => `${Math.round(share * 100)} %`;

export function table(head, rows, alignments) {
  const made = new Table({
    head: head.map((cell) => pc.bold(cell)),
    colAligns: alignments ?? head.map((_, column) => (column === 0 ? 'left' : 'right')),
    style: { head: [], border: pc.isColorSupported ? ['gray'] : [] },
  });
  made.push(...rows);
  return made.toString();
}

/** A bar on the error stream, where it does not get between the results. None where nobody looks. */
export function progress(total) {
  const bar = new SingleBar({ format: '{bar} {value}/{total} {name}', hideCursor: true, clearOnComplete: true, stream: process.stderr });
  let done = 0;
  if (process.stderr.isTTY) bar.start(total, 0, { name: '' });
  return {
    begin: (name) => bar.update(done, { name }),
    end: () => bar.update(++done),
    stop: () => bar.stop(),
  };
}
