import { copyRun } from '../plan/move.ts';
import { Plan, type Value } from '../plan/plan.ts';
import { lengthOf, type Operand, type Tensor } from '../tensor/tensor.ts';
import type { Port } from './bound-plan.ts';
import type { Graph } from './graph.ts';

/** A graph as the steps of one plan, on values by name. */
export interface Lowered {
  readonly plan: Plan;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** By the names of their values. */
  readonly constants: Readonly<Record<string, Tensor>>;
  readonly variables: ReadonlyMap<string, Operand>;
}

/** Ports have names that callers chose; this keeps them apart from each other and from all else. */
const inputName = (name: string) => `inputs.${name}`;
const outputName = (name: string) => `outputs.${name}`;

export function lower(graph: Graph): Lowered {
  const plan = new Plan();
  const values = new Map<Operand, Value>();
  const constants: Record<string, Tensor> = {};
  const variables = new Map<string, Operand>();
  const rootOf = (operand: Operand): Operand => {
    const source = graph.views.get(operand);
    return source === undefined ? operand : rootOf(source);
  };
  for (const [name, operand] of Object.entries(graph.inputs)) values.set(operand, plan.named(inputName(name)));
  for (const [operand, tensor] of graph.constants) {
    const name = `constant ${values.size}`;
    constants[name] = tensor;
    values.set(operand, plan.named(name));
  }
  for (const operand of graph.variables.keys()) {
    const name = `variable ${values.size}`;
    variables.set(name, operand);
    values.set(operand, plan.named(name));
  }
  // What a node makes goes to an output where it lies, unless that is taken.
  const copied: [name: string, from: Operand][] = [];
  for (const [name, operand] of Object.entries(graph.outputs)) {
    const root = rootOf(operand);
    if (values.has(root)) copied.push([name, root]);
    else values.set(root, plan.named(outputName(name)));
  }
  for (const { operation, inputs, outputs } of graph.nodes) {
    const temps = new Map<Value, Value>();
    const placeOf = (value: Value): Value => {
      if (value.name === undefined) {
        const temp = temps.get(value) ?? plan.temp(value.length!);
        temps.set(value, temp);
        return temp;
      }
      const operand = rootOf(inputs[value.name] ?? outputs[value.name]);
      const known = values.get(operand) ?? plan.temp(lengthOf(operand.shape));
      values.set(operand, known);
      return known;
    };
    for (const step of operation.plan.steps) plan.repeat(step, placeOf);
  }
  for (const [name, from] of copied) {
    const length = lengthOf(from.shape);
    if (length > 0) copyRun(plan, values.get(from)!, plan.named(outputName(name)), length);
  }
  const ports = (operands: Readonly<Record<string, Operand>>, nameOf: (name: string) => string) =>
    Object.entries(operands).map(([name, { shape }]) => ({ name: nameOf(name), shape }));
  return { plan, inputs: ports(graph.inputs, inputName), outputs: ports(graph.outputs, outputName), constants, variables };
}
