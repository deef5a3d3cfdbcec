import type { Operation } from '../runtime/operation.ts';
import type { KernelTensor, Operand, Tensor } from '../tensor/tensor.ts';

/** An operator with its arguments, in which operands stand for tensors: checked and planned as any call is. */
export interface Node {
  readonly operator: string;
  readonly args: readonly unknown[];
  readonly operation: Operation<unknown>;
  /** By the names of the operation's operands and results. */
  readonly inputs: Readonly<Record<string, Operand>>;
  readonly outputs: Readonly<Record<string, Operand>>;
}

/** Operators on operands. Passes make one graph of another; none is ever changed. */
export interface Graph {
  readonly inputs: Readonly<Record<string, Operand>>;
  readonly outputs: Readonly<Record<string, Operand>>;
  /** What never changes. */
  readonly constants: ReadonlyMap<Operand, Tensor>;
  /** Tensors of the engine whose floats are read anew in each run. */
  readonly variables: ReadonlyMap<Operand, KernelTensor>;
  /** An operand that is the memory of another under a shape of its own. */
  readonly views: ReadonlyMap<Operand, Operand>;
  /** Each after those that make its inputs. */
  readonly nodes: readonly Node[];
}

/** How many nodes, views and outputs use each operand. */
export function usesOf({ nodes, views, outputs }: Graph): ReadonlyMap<Operand, number> {
  const uses = new Map<Operand, number>();
  const use = (operand: Operand) => uses.set(operand, (uses.get(operand) ?? 0) + 1);
  for (const { inputs } of nodes) for (const operand of Object.values(inputs)) use(operand);
  for (const operand of [...views.values(), ...Object.values(outputs)]) use(operand);
  return uses;
}

/** The node that makes each operand. */
export function producersOf({ nodes }: Graph): ReadonlyMap<Operand, Node> {
  return new Map(nodes.flatMap((node) => Object.values(node.outputs).map((operand) => [operand, node] as const)));
}
