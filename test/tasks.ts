import { twins } from '../src/js/generated/twins.ts';
import type { KernelName } from '../src/kernels/index.ts';
import { isBuffer } from '../src/kernels/layout.ts';
import { type AnyStep, isHostStep, Plan, type Step } from '../src/plan/plan.ts';
import type { TensorData } from '../src/tensor/dtype.ts';
import { writeValues } from '../src/wasm/abi.ts';
import { compileEmbedded } from '../src/wasm/compile.ts';
import { instantiate } from '../src/wasm/instance.ts';
import { wordOf } from './own-engine.ts';

const { kernels: compiled, memory } = instantiate(await compileEmbedded('simd'));

const bytes = () => new Uint8Array(memory.memory.buffer);

/** By the names of values. */
type Buffers<D extends TensorData> = Readonly<Record<string, TensorData>> & { readonly out: D };
type Twin = (params: Record<string, unknown>, taskBegin: number, taskEnd: number) => void;

/** The kernel calls that a planner makes. */
export function stepsOf(build: (plan: Plan) => void): Step[] {
  const plan = new Plan();
  build(plan);
  return plan.steps.filter((step: AnyStep): step is Step => !isHostStep(step));
}

/** The ranges between `bounds`, last one first, as if threads had shared them: what `out` then holds on either side. */
export function runTasks<D extends TensorData>(step: Step, buffers: Buffers<D>, bounds: readonly number[]): { js: D; simd: D } {
  const js = runTwin(step, buffers);
  const simd = runCompiled(step, buffers);
  for (let i = bounds.length - 1; i > 0; i--) {
    js.run(bounds[i - 1], bounds[i]);
    simd.run(bounds[i - 1], bounds[i]);
  }
  return { js: js.out(), simd: simd.out() };
}

function runTwin<D extends TensorData>(step: Step, buffers: Buffers<D>) {
  const out = buffers.out.slice() as D;
  const params: Record<string, unknown> = {};
  for (const [field, kind] of Object.entries(step.descriptor.block)) {
    if (!isBuffer(kind)) params[field] = kind === 'f32' ? Math.fround(step.values[field]) : step.values[field];
    else if (field === 'scratch') params.scratch = new Float32Array(step.scratchBytes / 4);
    else if (step.buffers[field] === null) params[field] = new Float32Array(0);
    else params[field] = step.buffers[field].name === 'out' ? out : buffers[step.buffers[field].name!];
  }
  const twin = twins[step.kernel as KernelName] as unknown as Twin;
  return { run: (begin: number, end: number) => twin(params, begin, end), out: () => out };
}

function runCompiled<D extends TensorData>(step: Step, buffers: Buffers<D>) {
  const block = memory.allocate(4 * Object.keys(step.descriptor.block).length);
  const scratch = memory.allocate(step.scratchBytes);
  const held = [block, scratch];
  writeValues(memory.words, block / 4, step);
  const addresses: Record<string, number> = {};
  for (const [field, value] of Object.entries(step.buffers)) {
    memory.words[block / 4 + wordOf(step.kernel, field)] = 0;
    if (value === null) continue;
    const name = value.name!;
    const data = buffers[name];
    const address = memory.allocate(data.byteLength);
    held.push(address);
    bytes().set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), address);
    addresses[name] = address;
    memory.words[block / 4 + wordOf(step.kernel, field)] = address;
  }
  const scratchWord = wordOf(step.kernel, 'scratch');
  if (scratchWord >= 0) memory.words[block / 4 + scratchWord] = scratch;
  return {
    run: (begin: number, end: number) => compiled[step.kernel](block, begin, end),
    out: () => {
      const out = buffers.out.slice() as D;
      new Uint8Array(out.buffer).set(bytes().subarray(addresses.out, addresses.out + out.byteLength));
      for (const address of held) memory.free(address);
      return out;
    },
  };
}
