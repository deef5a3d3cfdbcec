import { operators } from '../ops/index.ts';
import type { Operation } from '../runtime/operation.ts';
import { type AnyOperand, type AnyTensor, Operand } from '../tensor/tensor.ts';
import type { Node } from './graph.ts';

type Plans = Readonly<Record<string, (...args: readonly unknown[]) => Operation<unknown>>>;

/**
 * Checks and plans an operator on operands.
 *
 * @param results operands that stand for its results already, by name: for a node in the place of others
 */
export function makeNode(operator: string, args: readonly unknown[], results: Readonly<Record<string, AnyOperand>> = {}): Node {
  const operation = (operators as unknown as Plans)[operator](...args);
  const outputs: Record<string, AnyOperand> = {};
  for (const name in operation.results)
    outputs[name] = results[name] ?? new Operand(operation.results[name].shape, operation.plan.named(name).dtype);
  return { operator, args, operation, inputs: operation.operands as Readonly<Record<string, AnyOperand>>, outputs };
}

/** What the caller of the operator gets: operands in place of tensors. */
export function resultOf({ operation, outputs }: Node): unknown {
  return operation.value(outputs as Readonly<Record<string, AnyTensor>>);
}
