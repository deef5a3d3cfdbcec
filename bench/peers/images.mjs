import sharp from 'sharp';
import { openCv } from './opencv.mjs';

/**
 * What OpenCV.js and sharp have to set against an image filter. OpenCV filters from one matrix into another, both in its memory;
 * sharp, which is native, from one buffer of pixels into a new one.
 *
 * @typedef {object} Rival
 * @property {string} name
 * @property {() => unknown} run
 * @property {boolean} [deferred] `run` returns a promise
 * @property {() => ArrayLike<number> | Promise<ArrayLike<number>>} read computes once, and gives the result
 */

const SHARP = 'sharp (native)';

export async function openImagePeers() {
  const cv = await openCv();
  sharp.concurrency(1);
  sharp.cache(false);
  const types = { u8: { 1: cv.CV_8UC1, 4: cv.CV_8UC4 }, f32: { 1: cv.CV_32FC1 } };
  const anchor = new cv.Point(-1, -1);
  const border = cv.BORDER_REPLICATE;

  /** @returns {Rival[]} */
  function rivals({ type, width, height, channels, data, peer }) {
    const from = cv.matFromArray(height, width, types[type][channels], data);
    const [to, gx, gy] = [new cv.Mat(), new cv.Mat(), new cv.Mat()];
    const owned = [from, to, gx, gy];
    const calls = {
      filter2D({ weights, size, divisor = 1 }) {
        const scaled = weights.map((weight) => weight / divisor);
        const kernel = cv.matFromArray(size, size, cv.CV_32FC1, scaled);
        owned.push(kernel);
        return () => cv.filter2D(from, to, -1, kernel, anchor, 0, border);
      },
      gaussian: ({ sigma, size }) => {
        const sides = new cv.Size(size, size);
        return () => cv.GaussianBlur(from, to, sides, sigma, sigma, border);
      },
      box: ({ size }) => {
        const sides = new cv.Size(size, size);
        return () => cv.blur(from, to, sides, anchor, border);
      },
      sobel: () => () => {
        cv.Sobel(from, gx, cv.CV_32F, 1, 0, 3, 1, 0, border);
        cv.Sobel(from, gy, cv.CV_32F, 0, 1, 3, 1, 0, border);
        cv.magnitude(gx, gy, gx);
        gx.convertTo(to, cv.CV_8U);
      },
      median: () => () => cv.medianBlur(from, to, 3),
    };
    const run = calls[peer.call](peer);
    const read = () => {
      run();
      return (type === 'f32' ? to.data32F : to.data).slice();
    };
    const dispose = () => {
      for (const mat of owned) mat.delete();
    };
    const made = [{ name: 'OpenCV.js', run, read, dispose }];
    if (peer.call === 'filter2D' && type === 'u8' && channels === 4) {
      const kernel = { width: peer.size, height: peer.size, kernel: peer.weights, scale: peer.divisor ?? 1 };
      const pipeline = () => sharp(data, { raw: { width, height, channels } }).convolve(kernel).raw().toBuffer();
      made.push({ name: SHARP, deferred: true, run: pipeline, read: pipeline, dispose: () => {} });
    }
    return made;
  }

  return { rivals, versions: { 'OpenCV.js': cv.getBuildInformation().match(/OpenCV (\S+)/)[1], [SHARP]: sharp.versions.sharp } };
}
