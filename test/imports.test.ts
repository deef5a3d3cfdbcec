import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * The layers of `src/`, the lowest first. A file imports from its own room and from lower layers, types included. Rooms that share a layer
 * know nothing of each other. The table in docs/architecture.md is compared with this list.
 */
const LAYERS: readonly { readonly rooms: readonly (readonly string[])[]; readonly does: string }[] = [
  { rooms: [['errors.ts']], does: 'Declares the errors that callers see.' },
  { rooms: [['tensor/']], does: 'Holds tensors, says what they need of memory, and reads everything that a caller gives.' },
  { rooms: [['kernels/']], does: 'Describes each kernel: its parameter block, buffers, tasks and cost.' },
  {
    rooms: [['spec/']],
    does: 'Holds the checks that operators share, and the types of checked calls: specs, with every default filled in.',
  },
  { rooms: [['plan/']], does: 'Turns specs into plans: chooses algorithms, tiles and temporary values.' },
  { rooms: [['runtime/']], does: 'Says what every backend can do, and places operands where a backend reaches them.' },
  {
    rooms: [['js/'], ['wasm/']],
    does: 'Run plans: these are the two backends. Host code that needs the bits of a kernel calls functions of `src/js/`.',
  },
  {
    rooms: [['ops/']],
    does: "Defines the operators: each one's options, checks and gradient. They refuse what is wrong, and turn a call into an operation: a plan with its operands and results.",
  },
  { rooms: [['program/']], does: 'Plans and binds once what runs often.' },
  { rooms: [['engine.ts', 'engine-of.ts']], does: 'Offers every operator as a method, on one backend.' },
  {
    rooms: [['public.ts', 'js.ts', 'load-options.ts', 'load-sync.ts', 'load.ts', 'index.ts']],
    does: 'Choose a backend, and export what is public: these are the entries.',
  },
  {
    rooms: [['image/'], ['nn/'], ['tfjs/'], ['codecs/'], ['plain/']],
    does: 'Use an engine as any caller would, or need none: codecs, and plain loops to compare with.',
  },
  { rooms: [['cli/']], does: 'Implements the command line.' },
];

/** Files that are imported, by the file that imports them: statically, dynamically, for their types alone, or as a worker's script. */
type Graph = ReadonlyMap<string, readonly string[]>;

async function importsOf(folder: string): Promise<Graph> {
  const entries = await readdir(join(root, folder), { recursive: true });
  const files = entries.map((name) => name.replaceAll('\\', '/')).filter((name) => name.endsWith('.ts'));
  const read = async (file: string): Promise<[string, string[]]> => {
    const text = await readFile(join(root, folder, file), 'utf8');
    // Whatever quotes a relative path of a script means that file.
    const paths = [...text.matchAll(/(['"`])(\.{1,2}\/[^'"`\s]+)\.[tj]s\1/g)];
    return [file, paths.map(([, , path]) => posix.join(dirname(file), `${path}.ts`))];
  };
  return new Map(await Promise.all(files.map(read)));
}

/** A circle, as the files that it goes through; undefined if there is none. */
function circleIn(graph: Graph): readonly string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): readonly string[] | undefined => {
    if (done.has(file)) return undefined;
    const at = path.indexOf(file);
    if (at >= 0) return [...path.slice(at), file];
    path.push(file);
    for (const next of graph.get(file) ?? []) {
      const circle = visit(next);
      if (circle !== undefined) return circle;
    }
    path.pop();
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const circle = visit(file);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

const ROOMS = LAYERS.flatMap(({ rooms }, layer) => rooms.map((paths) => ({ paths, layer })));
const roomOf = (file: string) =>
  ROOMS.find(({ paths }) => paths.some((path) => file === path || (path.endsWith('/') && file.startsWith(path))));

/** Imports that the order of the layers forbids. */
function forbiddenIn(graph: Graph): string[] {
  const arrows = [...graph].flatMap(([from, files]) => files.map((to) => [from, to]));
  return arrows
    .filter(([from, to]) => {
      const [above, below] = [roomOf(from), roomOf(to)];
      return above !== undefined && below !== undefined && above !== below && above.layer <= below.layer;
    })
    .map(([from, to]) => `${from} → ${to}`);
}

describe('imports of src/', () => {
  let graph: Graph;
  beforeAll(async () => {
    graph = await importsOf('src');
  });

  it('name files that exist', () => {
    const missing = [...graph].flatMap(([from, files]) => files.filter((to) => !graph.has(to)).map((to) => `${from} → ${to}`));
    expect(missing).toEqual([]);
    // That imports of every kind are found.
    expect(graph.get('load.ts')).toEqual(expect.arrayContaining(['engine.ts', 'js.ts', 'load-options.ts']));
    expect(graph.get('spec/gradients.ts')).toContain('tensor/result.ts');
    expect(graph.get('wasm/threads/spawn.ts')).toContain('wasm/threads/worker.ts');
  });

  it('have no circle', () => {
    expect(circleIn(graph)).toBe(undefined);
  });

  it('come from files that have a layer, and every layer has its files', () => {
    const files = [...graph.keys()];
    expect(files.filter((file) => roomOf(file) === undefined)).toEqual([]);
    const used = new Set(files.map(roomOf));
    expect(ROOMS.filter((room) => !used.has(room))).toEqual([]);
  });

  it('never point up, nor from a room to another of the same layer', () => {
    expect(forbiddenIn(graph)).toEqual([]);
  });

  it('follow the order that docs/architecture.md shows', async () => {
    const text = await readFile(join(root, 'docs/architecture.md'), 'utf8');
    const [, table] = text.match(/^\| Layer \|.*\n\| --- .*\n((?:\|.*\n)+)/m)!;
    const rows = table
      .trimEnd()
      .split('\n')
      .map((row) => row.split('|').map((cell) => cell.trim()));
    const shown = rows.map(([, paths, does]) => [paths, does]);
    expect(shown).toEqual(
      LAYERS.map(({ rooms, does }) => [
        rooms
          .flat()
          .map((path) => `\`src/${path}\``)
          .join(', '),
        does,
      ]),
    );
  });
});

describe('the test itself', () => {
  it('sees circles, arrows upwards and arrows between neighbours', () => {
    const of = (arrows: Record<string, string[]>): Graph => new Map(Object.entries(arrows));
    expect(circleIn(of({ a: ['b', 'c'], b: ['c'], c: [] }))).toBe(undefined);
    expect(circleIn(of({ a: ['b'], b: ['c'], c: ['d'], d: ['b'] }))).toEqual(['b', 'c', 'd', 'b']);
    expect(circleIn(of({ a: ['a'] }))).toEqual(['a', 'a']);
    const arrows = { 'plan/pool.ts': ['spec/pool.ts', 'plan/plan.ts'], 'spec/pool.ts': ['plan/pool.ts'], 'js/math.ts': ['wasm/abi.ts'] };
    expect(forbiddenIn(of(arrows))).toEqual(['spec/pool.ts → plan/pool.ts', 'js/math.ts → wasm/abi.ts']);
  });
});
