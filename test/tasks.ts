import { twins } from '../src/js/generated/twins.ts';
import type { KernelName } from '../src/kernels/index.ts';
import { type AnyStep, isHostStep, Plan, type Step } from '../src/plan/plan.ts';
import { writeValues } from '../src/wasm/abi.ts';
import { compileEmbedded } from '../src/wasm/compile.ts';
import { instantiate } from '../src/wasm/instance.ts';
import { wordOf } from './own-engine.ts';

const { kernels: compiled, memory } = instantiate(await compileEmbedded('simd'));

type Buffers = Readonly<Record<string, Float32Array>> & { readonly out: Float32Array };
type Twin = (params: Record<string, unknown>, taskBegin: number, taskEnd: number) => void;

/** The kernel calls that a planner makes. */
export function stepsOf(build: (plan: Plan) => void): Step[] {
  const plan = new Plan();
  build(plan);
  return plan.steps.filter((step: AnyStep): step is Step => !isHostStep(step));
}

/** The ranges between `bounds`, last one first, as if threads had shared them: what `out` then holds on either side. */
export function runTasks(step: Step, buffers: Buffers, bounds: readonly number[]): { js: Float32Array; simd: Float32Array } {
  const js = runTwin(step, buffers);
  const simd = runCompiled(step, buffers);
  for (let i = bounds.length - 1; i > 0; i--) {
    js.run(bounds[i - 1], bounds[i]);
    simd.run(bounds[i - 1], bounds[i]);
  }
  return { js: js.out(), simd: simd.out() };
}

function runTwin(step: Step, buffers: Buffers) {
  const out = buffers.out.slice();
  const params: Record<string, unknown> = {};
  for (const [field, kind] of Object.entries(step.descriptor.block)) {
    if (kind !== 'buffer') params[field] = kind === 'f32' ? Math.fround(step.values[field]) : step.values[field];
    else if (field === 'scratch') params.scratch = new Float32Array(step.scratchLength);
    else if (step.buffers[field] === null) params[field] = new Float32Array(0);
    else params[field] = step.buffers[field].name === 'out' ? out : buffers[step.buffers[field].name!];
  }
  const twin = twins[step.kernel as KernelName] as unknown as Twin;
  return { run: (begin: number, end: number) => twin(params, begin, end), out: () => out };
}

function runCompiled(step: Step, buffers: Buffers) {
  const block = memory.allocate(Object.keys(step.descriptor.block).length);
  const scratch = memory.allocate(step.scratchLength);
  const held = [block, scratch];
  writeValues(memory.words, block / 4, step);
  const addresses: Record<string, number> = {};
  for (const [field, value] of Object.entries(step.buffers)) {
    memory.words[block / 4 + wordOf(step.kernel, field)] = 0;
    if (value === null) continue;
    const name = value.name!;
    const data = buffers[name];
    const address = memory.allocate(data.length);
    held.push(address);
    memory.floats.set(data, address / 4);
    addresses[name] = address;
    memory.words[block / 4 + wordOf(step.kernel, field)] = address;
  }
  const scratchWord = wordOf(step.kernel, 'scratch');
  if (scratchWord >= 0) memory.words[block / 4 + scratchWord] = scratch;
  return {
    run: (begin: number, end: number) => compiled[step.kernel](block, begin, end),
    out: () => {
      const out = memory.floats.slice(addresses.out / 4, addresses.out / 4 + buffers.out.length);
      for (const address of held) memory.free(address);
      return out;
    },
  };
}
