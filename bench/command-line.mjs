import { Command } from 'commander';
import { matching, shapes } from './shapes.mjs';

/** What every bench understands. */
export function benchCommand(name, description) {
  return new Command(name)
    .description(description)
    .option(
      '--filter <text>',
      'only names that contain this; of shapes, words of name, operator or network that begin with it (x for ×)',
      '',
    )
    .option('--quick', 'short times: factors, not figures', false)
    .option('--json', 'results as JSON', false);
}

/** The shapes that were asked for. None is a mistake. */
export function chosenShapes(command) {
  const { filter } = command.opts();
  const chosen = filter ? matching(filter) : shapes;
  if (chosen.length === 0) command.error(`no shape matches '${filter}'; there are:\n${shapes.map((s) => `  ${s.name}`).join('\n')}`);
  return chosen;
}
