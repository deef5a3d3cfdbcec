import type { Backend, Call, Step } from './backend.ts';
import { KernelTensor, type Tensor } from './tensor.ts';

/** What a plan needs besides its operands: buffers by name, in floats. */
export type Workspaces = Readonly<Record<string, number>>;

export interface Operand {
  readonly tensor: Tensor;
  readonly read: boolean;
  readonly written: boolean;
}

export const reads = (tensor: Tensor): Operand => ({ tensor, read: true, written: false });
export const writes = (tensor: Tensor): Operand => ({ tensor, read: false, written: true });

/** Puts operands where the backend can reach them, runs `body`, and takes the results back whatever happens. */
export function withOperands<B>(
  backend: Backend<B>,
  operands: Readonly<Record<string, Operand>>,
  body: (buffers: Map<string, B>) => void,
): void {
  const buffers = new Map<string, B>();
  const borrowed: { buffer: B; operand: Operand }[] = [];
  let done = false;
  try {
    for (const [name, operand] of Object.entries(operands)) {
      const { tensor } = operand;
      let buffer = tensor instanceof KernelTensor ? tensor.bufferIn(backend) : undefined;
      if (buffer === undefined) {
        buffer = backend.borrow(tensor.data, operand.read);
        borrowed.push({ buffer, operand });
      }
      buffers.set(name, buffer);
    }
    body(buffers);
    done = true;
  } finally {
    for (const { buffer, operand } of borrowed) backend.giveBack(buffer, operand.tensor.data, done && operand.written);
  }
}

/** Runs steps once: workspaces are had for the call and given back. */
export function runOnce<B>(
  backend: Backend<B>,
  steps: readonly Step[],
  workspaces: Workspaces,
  operands: Readonly<Record<string, Operand>>,
): void {
  withOperands(backend, operands, (buffers) => {
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
  });
}
