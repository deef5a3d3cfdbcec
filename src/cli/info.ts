import pc from 'picocolors';
import { load } from '../load.ts';
import { describeHost, detectFeatures, hostLine } from './host.ts';

export async function info(version: string, json: boolean): Promise<void> {
  const host = describeHost();
  const features = await detectFeatures();
  const { variant, threads: count, notes } = await load();
  const relaxed = await load({ relaxed: true });
  const report = {
    simdconv: version,
    host,
    features,
    engine: { variant, threads: count, notes },
    relaxed: { variant: relaxed.variant, notes: relaxed.notes },
  };
  if (json) {
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return;
  }
  const yes = (has: boolean) => (has ? pc.green('yes') : pc.yellow('no'));
  const reasons = (given: readonly string[], otherwise: string) => (given.length > 0 ? given.join('; ') : otherwise);
  const lines = [
    ['simdconv', version],
    ['host', hostLine(host)],
    ...Object.entries(features).map(([name, has]) => [name, yes(has)]),
    ['load()', `${pc.bold(variant)}: ${reasons(notes, 'the fastest variant with the same bits as JavaScript')}`],
    ['  threads', String(count)],
    ['load({ relaxed: true })', `${pc.bold(relaxed.variant)}: ${reasons(relaxed.notes, 'fused multiply-add, not the same bits')}`],
  ];
  for (const [name, value] of lines) process.stdout.write(`${name.padEnd(24)}${value}\n`);
}
