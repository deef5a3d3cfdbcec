import type { Operation } from '../runtime/operation.ts';
import type { TensorData } from '../tensor/dtype.ts';
import type { AnyOperand, AnyTensor, KernelTensor } from '../tensor/tensor.ts';

/** An operator with its arguments, in which operands stand for tensors: checked and planned as any call is. */
export interface Node {
  readonly operator: string;
  readonly args: readonly unknown[];
  readonly operation: Operation<unknown>;
  /** By the names of the operation's operands and results. */
  readonly inputs: Readonly<Record<string, AnyOperand>>;
  readonly outputs: Readonly<Record<string, AnyOperand>>;
}

/** Operators on operands. Passes make one graph of another; none is ever changed. */
export interface Graph {
  readonly inputs: Readonly<Record<string, AnyOperand>>;
  readonly outputs: Readonly<Record<string, AnyOperand>>;
  /** What never changes. */
  readonly constants: ReadonlyMap<AnyOperand, AnyTensor>;
  /** Tensors of the engine whose elements are read anew in each run. */
  readonly variables: ReadonlyMap<AnyOperand, KernelTensor<TensorData>>;
  /** An operand that is the memory of another under a shape of its own. */
  readonly views: ReadonlyMap<AnyOperand, AnyOperand>;
  /** Each after those that make its inputs. */
  readonly nodes: readonly Node[];
}

/** How many nodes, views and outputs use each operand. */
export function usesOf({ nodes, views, outputs }: Graph): ReadonlyMap<AnyOperand, number> {
  const uses = new Map<AnyOperand, number>();
  const use = (operand: AnyOperand) => uses.set(operand, (uses.get(operand) ?? 0) + 1);
  for (const { inputs } of nodes) for (const operand of Object.values(inputs)) use(operand);
  for (const operand of [...views.values(), ...Object.values(outputs)]) use(operand);
  return uses;
}

/** The node that makes each operand. */
export function producersOf({ nodes }: Graph): ReadonlyMap<AnyOperand, Node> {
  return new Map(nodes.flatMap((node) => Object.values(node.outputs).map((operand) => [operand, node] as const)));
}
