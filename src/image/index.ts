/** Images for the command line and the examples: pixels, kernels by name, PNG files. */
export { filterImage, filterOf } from './filter.ts';
export { type ImageKernel, imageKernel, imageKernelNames, imageKernels } from './kernels.ts';
export { fromPlanes, type Image, toPlanes, toSheet } from './pixels.ts';
export { ImageFileError, MAX_PIXELS, readPng, writePng } from './png.ts';
