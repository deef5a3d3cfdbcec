import type { Backend, Call, Step } from './backend.ts';
import { KernelTensor, lengthOf, newFloats, type Tensor } from './tensor.ts';

/** What a plan needs besides its operands: buffers by name, in floats. */
export type Workspaces = Readonly<Record<string, number>>;

export interface Operand {
  readonly tensor: Tensor;
  readonly read: boolean;
  readonly written: boolean;
}
type Operands = Readonly<Record<string, Operand>>;

export const reads = (tensor: Tensor): Operand => ({ tensor, read: true, written: false });
export const writes = (tensor: Tensor): Operand => ({ tensor, read: false, written: true });

/** Where those operands are that kernels reach as they are: tensors of the engine, and views of them in plain tensors. */
function located<B>(backend: Backend<B>, operands: Operands): Map<string, B> {
  const buffers = new Map<string, B>();
  for (const [name, { tensor }] of Object.entries(operands)) {
    const buffer = tensor instanceof KernelTensor ? tensor.bufferIn(backend) : backend.locate(tensor.data);
    if (buffer !== undefined) buffers.set(name, buffer);
  }
  return buffers;
}

/** Puts operands where the backend can reach them, runs `body`, and takes the results back whatever happens. */
export function withOperands<B>(
  backend: Backend<B>,
  operands: Operands,
  body: (buffers: Map<string, B>) => void,
  buffers = located(backend, operands),
): void {
  const borrowed: { buffer: B; operand: Operand }[] = [];
  let done = false;
  try {
    for (const [name, operand] of Object.entries(operands)) {
      if (buffers.has(name)) continue;
      const buffer = backend.borrow(operand.tensor.data, operand.read);
      borrowed.push({ buffer, operand });
      buffers.set(name, buffer);
    }
    body(buffers);
    done = true;
  } finally {
    for (const { buffer, operand } of borrowed) backend.giveBack(buffer, operand.tensor.data, done && operand.written);
  }
}

/** `withOperands` for an operator with a result `out`: the caller's, or a new tensor of `shape` that lives where `x` lives. */
export function withResult<B>(
  backend: Backend<B>,
  x: Tensor,
  shape: readonly number[],
  out: Tensor | undefined,
  operands: Operands,
  body: (buffers: Map<string, B>) => void,
): Tensor {
  const buffers = located(backend, { x: reads(x), ...operands, ...(out && { out: writes(out) }) });
  const target = out ?? newOutput(backend, x, shape);
  try {
    if (target instanceof KernelTensor) {
      const buffer = target.bufferIn(backend);
      if (buffer !== undefined) buffers.set('out', buffer);
    }
    withOperands(backend, { x: reads(x), ...operands, out: writes(target) }, body, buffers);
  } catch (error) {
    if (target !== out && target instanceof KernelTensor) target.dispose();
    throw error;
  }
  return target;
}

/** A new tensor of `shape` that lives where `x` lives. */
function newOutput<B>(backend: Backend<B>, x: Tensor, shape: readonly number[]): Tensor {
  if (x instanceof KernelTensor && x.bufferIn(backend) !== undefined) return new KernelTensor(backend, shape);
  return { shape: [...shape], data: newFloats(lengthOf(shape)) };
}

/** Copies in kernel memory, of plain tensors or of views of its own: all of them, or none. */
export function copies<B>(backend: Backend<B>, tensors: readonly Tensor[]): KernelTensor<B>[] {
  const places = tensors.map(({ data }) => backend.locate(data));
  const made: KernelTensor<B>[] = [];
  try {
    for (const [i, { shape, data }] of tensors.entries()) {
      made.push(new KernelTensor(backend, shape));
      const to = made[i].data;
      const place = places[i];
      to.set(place === undefined ? data : backend.view(place, to.length));
    }
    return made;
  } catch (error) {
    for (const tensor of made) tensor.dispose();
    throw error;
  }
}

/** Runs steps once on operands that are in reach: workspaces are had for the call and given back. */
export function runOnce<B>(backend: Backend<B>, steps: readonly Step[], workspaces: Workspaces, buffers: Map<string, B>): void {
  const held: B[] = [];
  let call: Call<B> | undefined;
  try {
    for (const [name, length] of Object.entries(workspaces)) {
      const buffer = backend.allocate(length);
      held.push(buffer);
      buffers.set(name, buffer);
    }
    call = backend.bind(steps, buffers);
    call.run();
  } finally {
    call?.release();
    for (const buffer of held) backend.free(buffer);
  }
}
