import type { AnyOperand } from '../../tensor/tensor.ts';
import type { Graph } from '../graph.ts';

/** Leaves out what no output depends on. */
export function removeUnused(graph: Graph): Graph {
  const needed = new Set<AnyOperand>(Object.values(graph.outputs));
  const follow = (operand: AnyOperand) => {
    const source = graph.views.get(operand);
    if (source === undefined || needed.has(source)) return;
    needed.add(source);
    follow(source);
  };
  for (const operand of [...needed]) follow(operand);
  const nodes = graph.nodes
    .toReversed()
    .filter(({ inputs, outputs }) => {
      if (!Object.values(outputs).some((operand) => needed.has(operand))) return false;
      for (const operand of Object.values(inputs)) {
        needed.add(operand);
        follow(operand);
      }
      return true;
    })
    .reverse();
  const among = <T>(map: ReadonlyMap<AnyOperand, T>) => new Map([...map].filter(([operand]) => needed.has(operand)));
  return { ...graph, nodes, constants: among(graph.constants), variables: among(graph.variables), views: among(graph.views) };
}
