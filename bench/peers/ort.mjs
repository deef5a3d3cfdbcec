import { model } from './onnx.mjs';

/**
 * ONNX Runtime, as WebAssembly or as native code: NCHW, a session of one node. Its web build copies the input into its own memory
 * and the output out of it: there is no other way to call it.
 */
function open(ort, options) {
  return {
    layout: 'nchw',
    version: ort.env.versions.common,
    supports: () => true,
    async prepare(shape, given) {
      const session = await ort.InferenceSession.create(model(shape, given), options);
      const feeds = { x: new ort.Tensor('float32', given.x.data, given.x.shape) };
      return {
        deferred: true,
        run: () => session.run(feeds),
        read: async () => (await session.run(feeds)).y.data,
        dispose: () => session.release(),
      };
    },
  };
}

export async function openOrtWeb() {
  const ort = await import('onnxruntime-web');
  ort.env.wasm.numThreads = 1;
  return open(ort, { executionProviders: ['wasm'] });
}

export async function openOrtNode() {
  const { default: ort } = await import('onnxruntime-node');
  return open(ort, { executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' });
}
