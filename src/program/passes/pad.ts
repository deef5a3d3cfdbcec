import type { Operand } from '../../tensor/tensor.ts';
import { type Graph, type Node, producersOf, usesOf } from '../graph.ts';
import { makeNode } from '../node.ts';

interface ConvArguments {
  readonly padding?: unknown;
  readonly paddingMode?: string;
  readonly inputLayout?: 'nchw' | 'nhwc';
}

/** Zeros around the input of a convolution become its padding, so that no padded copy is made beforehand. */
export function foldPadding(graph: Graph): Graph {
  const uses = usesOf(graph);
  const producers = producersOf(graph);
  const replaced = new Map<Node, Node | undefined>();
  for (const node of graph.nodes) {
    if (node.operator !== 'conv2d') continue;
    const pad = producers.get(node.inputs.x);
    if (pad?.operator !== 'pad' || uses.get(node.inputs.x) !== 1) continue;
    const folded = fold(pad, node);
    if (folded === undefined) continue;
    replaced.set(pad, undefined);
    replaced.set(node, folded);
  }
  const nodes = graph.nodes.flatMap((node) => (replaced.has(node) ? (replaced.get(node) ?? []) : node));
  return { ...graph, nodes };
}

function fold(pad: Node, conv: Node): Node | undefined {
  const [x, before, after, { mode = 'constant', value = 0 } = {}] = pad.args as readonly [
    Operand,
    readonly number[],
    readonly number[],
    { readonly mode?: string; readonly value?: number }?,
  ];
  const [, filter, options = {}] = conv.args as readonly [Operand, Operand, ConvArguments?];
  const { padding = 0, paddingMode = 'zeros', inputLayout = 'nchw' } = options;
  if (mode !== 'constant' || value !== 0 || paddingMode !== 'zeros' || typeof padding === 'string') return undefined;
  const [height, width] = inputLayout === 'nchw' ? [2, 3] : [1, 2];
  const others = [0, 1, 2, 3].filter((axis) => axis !== height && axis !== width);
  if ([...before, ...after].some((cells) => cells < 0) || others.some((axis) => before[axis] + after[axis] > 0)) return undefined;
  const [top, bottom, left, right] = sidesOf(padding as number | readonly number[]);
  const whole = [top + before[height], bottom + after[height], left + before[width], right + after[width]];
  return makeNode('conv2d', [x, filter, { ...options, padding: whole }], conv.outputs);
}

/** A convolution's padding, which is checked already: `n`, `[height, width]` or `[top, bottom, left, right]`. */
function sidesOf(padding: number | readonly number[]): readonly number[] {
  if (typeof padding === 'number') return [padding, padding, padding, padding];
  if (padding.length === 2) return [padding[0], padding[0], padding[1], padding[1]];
  return padding;
}
