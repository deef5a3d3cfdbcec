import { copyRun } from '../plan/move.ts';
import { Plan, type Value } from '../plan/plan.ts';
import { type AnyOperand, type AnyTensor, lengthOf } from '../tensor/tensor.ts';
import type { Port } from './bound-plan.ts';
import type { Graph } from './graph.ts';

/** A graph as the steps of one plan, on values by name. */
export interface Lowered {
  readonly plan: Plan;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** By the names of their values. */
  readonly constants: Readonly<Record<string, AnyTensor>>;
  readonly variables: ReadonlyMap<string, AnyOperand>;
}

/** Ports have names that callers chose; this keeps them apart from each other and from all else. */
const inputName = (name: string) => `inputs.${name}`;
const outputName = (name: string) => `outputs.${name}`;

export function lower(graph: Graph): Lowered {
  const plan = new Plan();
  const values = new Map<AnyOperand, Value>();
  const constants: Record<string, AnyTensor> = {};
  const variables = new Map<string, AnyOperand>();
  const rootOf = (operand: AnyOperand): AnyOperand => {
    const source = graph.views.get(operand);
    return source === undefined ? operand : rootOf(source);
  };
  for (const [name, operand] of Object.entries(graph.inputs)) values.set(operand, plan.named(inputName(name), operand.dtype));
  for (const [operand, tensor] of graph.constants) {
    const name = `constant ${values.size}`;
    constants[name] = tensor;
    values.set(operand, plan.named(name, operand.dtype));
  }
  for (const operand of graph.variables.keys()) {
    const name = `variable ${values.size}`;
    variables.set(name, operand);
    values.set(operand, plan.named(name, operand.dtype));
  }
  // What a node makes goes to an output where it lies, unless that is taken.
  const copied: [name: string, from: AnyOperand][] = [];
  for (const [name, operand] of Object.entries(graph.outputs)) {
    const root = rootOf(operand);
    if (values.has(root)) copied.push([name, root]);
    else values.set(root, plan.named(outputName(name), operand.dtype));
  }
  for (const { operation, inputs, outputs } of graph.nodes) {
    const temps = new Map<Value, Value>();
    const placeOf = (value: Value): Value => {
      if (value.name === undefined) {
        const temp = temps.get(value) ?? plan.temp(value.length!, value.dtype);
        temps.set(value, temp);
        return temp;
      }
      const operand = rootOf(inputs[value.name] ?? outputs[value.name]);
      const known = values.get(operand) ?? plan.temp(lengthOf(operand.shape), operand.dtype);
      values.set(operand, known);
      return known;
    };
    for (const step of operation.plan.steps) plan.repeat(step, placeOf);
  }
  for (const [name, from] of copied) {
    const length = lengthOf(from.shape);
    if (length > 0) copyInto(plan, values.get(from)!, plan.named(outputName(name), from.dtype), length);
  }
  const ports = (operands: Readonly<Record<string, AnyOperand>>, nameOf: (name: string) => string) =>
    Object.entries(operands).map(([name, { shape }]) => ({ name: nameOf(name), shape }));
  return { plan, inputs: ports(graph.inputs, inputName), outputs: ports(graph.outputs, outputName), constants, variables };
}

/** Elements of any type, as they lie. */
function copyInto(plan: Plan, input: Value, output: Value, length: number): void {
  if (input.dtype === 'float32') copyRun(plan, input, output, length);
  else plan.hostStep({ buffers: { input, output }, lengths: { input: length, output: length }, run: (of) => of.output.set(of.input) });
}
