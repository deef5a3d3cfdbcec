import { isFusedActivation } from '../../spec/activation.ts';
import type { Operand } from '../../tensor/tensor.ts';
import { type Graph, type Node, producersOf, usesOf } from '../graph.ts';
import { makeNode } from '../node.ts';

/** Operators whose epilogue takes an activation, and where in their arguments its options are. */
const OPTIONS_AT: Readonly<Record<string, number>> = {
  conv1d: 2,
  conv2d: 2,
  conv3d: 2,
  convTranspose1d: 2,
  convTranspose2d: 2,
  convTranspose3d: 2,
  linear: 2,
};

/** An activation becomes part of the epilogue of what makes its input, so that its result is written once. */
export function fuseActivations(graph: Graph): Graph {
  const uses = usesOf(graph);
  const producers = producersOf(graph);
  const replaced = new Map<Node, Node | undefined>();
  for (const node of graph.nodes) {
    if (!isFusedActivation(node.operator)) continue;
    const product = producers.get(node.inputs.x);
    if (product === undefined || !(product.operator in OPTIONS_AT) || uses.get(node.inputs.x) !== 1) continue;
    const at = OPTIONS_AT[product.operator];
    const options = (product.args[at] ?? {}) as { readonly activation?: unknown };
    if (options.activation !== undefined) continue;
    const [, parameters] = node.args as readonly [Operand, object?];
    const activation = { type: node.operator, ...parameters };
    replaced.set(product, undefined);
    replaced.set(node, makeNode(product.operator, [...product.args.slice(0, at), { ...options, activation }], node.outputs));
  }
  const nodes = graph.nodes.flatMap((node) => (replaced.has(node) ? (replaced.get(node) ?? []) : node));
  return { ...graph, nodes };
}
