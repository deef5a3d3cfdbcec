import { openOpenCv } from './opencv.mjs';
import { openOrtNode, openOrtWeb } from './ort.mjs';
import { openTfjsCpu, openTfjsWasm } from './tfjs.mjs';

/**
 * The peers, one thread each: TensorFlow.js on two of its backends, ONNX Runtime as WebAssembly and as native code, OpenCV.js.
 *
 * @typedef {object} Peer
 * @property {string} name
 * @property {string} version
 * @property {'nchw' | 'nhwc'} layout the one it has, or is at home in
 * @property {(shape: import('../shapes.mjs').Shape) => boolean} supports
 * @property {(shape: import('../shapes.mjs').Shape, given: object) => Subject | Promise<Subject>} prepare uploads all there is to upload
 *
 * @typedef {object} Subject
 * @property {() => unknown} run computes once
 * @property {boolean} [deferred] `run` returns a promise
 * @property {() => unknown} [before] to be called before `run`, outside of what is timed
 * @property {() => Float32Array | Promise<Float32Array>} read computes once, and gives the result
 * @property {() => unknown} dispose
 */
const openers = {
  'tfjs-wasm': openTfjsWasm,
  'tfjs-cpu': openTfjsCpu,
  'ORT-web': openOrtWeb,
  'ORT-native': openOrtNode,
  'OpenCV.js': openOpenCv,
};

/** Those that this host can load; the others with the reason why not. */
export async function openPeers() {
  const peers = [];
  const refused = [];
  for (const [name, open] of Object.entries(openers)) {
    try {
      peers.push({ name, ...(await open()) });
    } catch (error) {
      refused.push({ name, reason: String(error.message).slice(0, 200) });
    }
  }
  return { peers, refused };
}
