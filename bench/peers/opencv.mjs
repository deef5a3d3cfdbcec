/** OpenCV.js: one plane of f32, zeros around it, filtered into a plane that is kept. */
export async function openOpenCv() {
  const cv = await openCv();
  return {
    layout: 'nchw',
    version: cv.getBuildInformation().match(/OpenCV (\S+)/)[1],
    supports: ({ operator, channels, outChannels }) => operator === 'conv2d' && channels === 1 && outChannels === 1,
    prepare(shape, { x, filter }) {
      const from = cv.matFromArray(shape.height, shape.width, cv.CV_32FC1, x.data);
      const kernel = cv.matFromArray(shape.kernel, shape.kernel, cv.CV_32FC1, filter.data);
      const to = new cv.Mat();
      const centre = new cv.Point(-1, -1);
      const run = () => cv.filter2D(from, to, -1, kernel, centre, 0, cv.BORDER_CONSTANT);
      return {
        run,
        read() {
          run();
          return to.data32F.slice();
        },
        dispose() {
          for (const mat of [from, kernel, to]) mat.delete();
        },
      };
    },
  };
}

/**
 * The module calls itself a promise, of itself, so that whoever awaits it waits for ever; and it answers an error anywhere in the
 * process by printing its ten megabytes of source.
 */
export async function openCv() {
  const events = ['uncaughtException', 'unhandledRejection'];
  const before = events.map((event) => process.listeners(event));
  const { default: module } = await import('@techstark/opencv-js');
  for (const [i, event] of events.entries()) {
    for (const listener of process.listeners(event)) if (!before[i].includes(listener)) process.off(event, listener);
  }
  delete module.then;
  if (!module.calledRun) {
    await new Promise((resolve) => {
      module.onRuntimeInitialized = resolve;
    });
  }
  return module;
}
