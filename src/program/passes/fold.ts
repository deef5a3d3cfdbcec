import type { FilterLayout } from '../../ops/conv/options.ts';
import { foldBatchNorm } from '../../ops/fold-batch-norm.ts';
import { type AnyOperand, type AnyTensor, Operand, type Tensor } from '../../tensor/tensor.ts';
import { type Graph, type Node, producersOf, usesOf } from '../graph.ts';
import { makeNode } from '../node.ts';

interface BatchNormArguments {
  readonly scale?: Operand;
  readonly bias?: Operand;
  readonly axis?: number;
  readonly epsilon?: number;
}

interface ConvArguments {
  readonly bias?: Operand;
  readonly activation?: unknown;
  readonly normalize?: 'none' | 'mean';
  readonly inputLayout?: 'nchw' | 'nhwc';
  readonly filterLayout?: FilterLayout;
}

/**
 * A batch normalisation behind a convolution becomes part of its filter and bias, where all of these are constants. It changes bits: the
 * filter is rounded once more, and a sum once less.
 */
export function foldBatchNorms(graph: Graph): Graph {
  const uses = usesOf(graph);
  const producers = producersOf(graph);
  const constants = new Map(graph.constants);
  const replaced = new Map<Node, Node | undefined>();
  for (const node of graph.nodes) {
    if (node.operator !== 'batchNorm') continue;
    const conv = producers.get(node.inputs.x);
    if (conv?.operator !== 'conv2d' || uses.get(node.inputs.x) !== 1 || replaced.has(conv)) continue;
    const folded = fold(conv, node, constants);
    if (folded === undefined) continue;
    replaced.set(conv, undefined);
    replaced.set(node, folded);
  }
  const nodes = graph.nodes.flatMap((node) => (replaced.has(node) ? (replaced.get(node) ?? []) : node));
  return { ...graph, constants, nodes };
}

function fold(conv: Node, norm: Node, constants: Map<AnyOperand, AnyTensor>): Node | undefined {
  const [x, filter, convOptions = {}] = conv.args as readonly [Operand, Operand, ConvArguments?];
  const [, mean, variance, normOptions = {}] = norm.args as readonly [Operand, Operand, Operand, BatchNormArguments?];
  const { bias, activation, normalize = 'none', inputLayout = 'nchw', filterLayout } = convOptions;
  const { scale, bias: offset, axis = 1, epsilon } = normOptions;
  if (activation !== undefined || normalize !== 'none' || axis !== (inputLayout === 'nchw' ? 1 : 3)) return undefined;
  const given = { filter, mean, variance, ...(bias && { bias }), ...(scale && { scale }), ...(offset && { offset }) };
  const tensors = Object.fromEntries(Object.entries(given).map(([name, operand]) => [name, constants.get(operand)]));
  if (Object.values(tensors).includes(undefined)) return undefined;
  const { filter: weights, ...moments } = tensors as Record<keyof typeof given, Tensor>;
  const made = foldBatchNorm(weights, { ...moments, ...(epsilon !== undefined && { epsilon }), ...(filterLayout && { filterLayout }) });
  const constant = (tensor: Tensor) => {
    const operand = new Operand(tensor.shape);
    constants.set(operand, tensor);
    return operand;
  };
  return makeNode('conv2d', [x, constant(made.filter), { ...convOptions, bias: constant(made.bias) }], norm.outputs);
}
