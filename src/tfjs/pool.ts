import {
  AvgPool,
  AvgPool3D,
  type AvgPool3DAttrs,
  AvgPool3DGrad,
  type AvgPoolAttrs,
  AvgPoolGrad,
  backend_util,
  MaxPool,
  MaxPool3D,
  type MaxPool3DAttrs,
  MaxPool3DGrad,
  type MaxPoolAttrs,
  MaxPoolGrad,
  MaxPoolWithArgmax,
  type MaxPoolWithArgmaxAttrs,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import type { KernelTensor } from '../tensor.ts';
import type { SimdconvBackend } from './backend.ts';
import { layout3d, window2d, window3d } from './geometry.ts';
import { type Call, kernel } from './kernel.ts';

type Attrs2d = MaxPoolAttrs | AvgPoolAttrs | MaxPoolWithArgmaxAttrs;
type Attrs3d = MaxPool3DAttrs | AvgPool3DAttrs;
type Method2d = 'maxPool2d' | 'averagePool2d';
type Method3d = 'maxPool3d' | 'averagePool3d';

/** Of a window larger than the input there is no result. */
const isResult = (shape: readonly number[]): boolean => shape.every((extent) => extent > 0);

/** Options of a pool, or undefined where a window lies in the padding alone. */
function options2d(x: TensorInfo, attrs: Attrs2d) {
  const rounding = 'dimRoundingMode' in attrs ? attrs.dimRoundingMode : undefined;
  const shape = x.shape as [number, number, number, number];
  const info = backend_util.computePool2DInfo(shape, attrs.filterSize, attrs.strides, 1, attrs.pad, rounding);
  const window = window2d(info);
  const [top, bottom, left, right] = window.padding;
  if (Math.max(top, bottom) >= info.filterHeight || Math.max(left, right) >= info.filterWidth || !isResult(info.outShape)) return undefined;
  return { ...window, windowDimensions: [info.filterHeight, info.filterWidth], layout: 'nhwc' } as const;
}

function options3d(x: TensorInfo, attrs: Attrs3d) {
  const shape = x.shape as [number, number, number, number, number];
  const info = backend_util.computePool3DInfo(
    shape,
    attrs.filterSize,
    attrs.strides,
    1,
    attrs.pad,
    attrs.dimRoundingMode,
    attrs.dataFormat,
  );
  const window = window3d(info);
  const reaches = [info.filterDepth, info.filterDepth, info.filterHeight, info.filterHeight, info.filterWidth, info.filterWidth];
  if (window.padding.some((side, i) => side >= reaches[i]) || !isResult(info.outShape)) return undefined;
  return { ...window, windowDimensions: [info.filterDepth, info.filterHeight, info.filterWidth], layout: layout3d(info) } as const;
}

/** TensorFlow.js's maxima skip NaNs, the engine's do not: one that met any is left to TensorFlow.js. */
function hasNaN(backend: SimdconvBackend, maxima: KernelTensor): boolean {
  const width = maxima.shape.slice(-2).reduce((product, extent) => product * extent, 1);
  const rows = maxima.view([1, 1, maxima.data.length / width, width]);
  using columns = backend.engine.maxPool2d(rows, { windowDimensions: [rows.shape[2], 1] }) as KernelTensor;
  return columns.data.some(Number.isNaN);
}

/** A result, but for maxima that met a NaN. */
function unlessNaN(backend: SimdconvBackend, method: string, result: KernelTensor): TensorInfo | undefined {
  if (!method.startsWith('max') || !hasNaN(backend, result)) return backend.result(result);
  result.dispose();
  return undefined;
}

function pool2d(kernelName: string, method: Method2d): void {
  kernel<Attrs2d>(kernelName, ({ inputs: { x }, attrs, backend }) => {
    const options = options2d(x, attrs);
    return options && unlessNaN(backend, method, backend.engine[method](backend.operand(x), options) as KernelTensor);
  });
}

function pool3d(kernelName: string, method: Method3d): void {
  kernel<Attrs3d>(kernelName, ({ inputs: { x }, attrs, backend }) => {
    const options = options3d(x, attrs);
    return options && unlessNaN(backend, method, backend.engine[method](backend.operand(x), options) as KernelTensor);
  });
}

/** The gradient of an average counts the padding in TensorFlow.js, though the average does not. */
function gradientOptions<O>(method: string, options: O | undefined): O | undefined {
  return options && (method.startsWith('average') ? { ...options, countIncludePad: true } : options);
}

function gradient2d(kernelName: string, method: Method2d): void {
  kernel<Attrs2d>(kernelName, ({ inputs: { dy, input }, attrs, backend }) => {
    const options = gradientOptions(method, options2d(input, attrs));
    return (
      options && backend.result(backend.engine[`${method}Backward`](backend.operand(dy), backend.operand(input), options) as KernelTensor)
    );
  });
}

function gradient3d(kernelName: string, method: Method3d): void {
  kernel<Attrs3d>(kernelName, ({ inputs: { dy, input }, attrs, backend }) => {
    const options = gradientOptions(method, options3d(input, attrs));
    return (
      options && backend.result(backend.engine[`${method}Backward`](backend.operand(dy), backend.operand(input), options) as KernelTensor)
    );
  });
}

/** Indices count [height, width, channels] here, or [batch, height, width, channels]; the engine's the pixels of a plane. */
function withArgmax({ inputs: { x }, attrs, backend }: Call<MaxPoolWithArgmaxAttrs>): TensorInfo[] | undefined {
  const options = options2d(x, attrs);
  if (options === undefined) return undefined;
  const { values, indices } = backend.engine.maxPool2dWithIndices(backend.operand(x), options);
  if (hasNaN(backend, values as KernelTensor)) {
    for (const tensor of [values, indices]) (tensor as KernelTensor).dispose();
    return undefined;
  }
  const [, height, width, channels] = x.shape;
  const imageLength = height * width * channels;
  const outLength = indices.data.length / x.shape[0];
  const flat = Int32Array.from(indices.data, (pixel, i) => {
    const image = attrs.includeBatchInIndex ? Math.floor(i / outLength) * imageLength : 0;
    return image + pixel * channels + (i % channels);
  });
  (indices as KernelTensor).dispose();
  return [backend.result(values as KernelTensor), backend.makeTensorInfo([...values.shape], 'int32', flat)];
}

export function registerPool(): void {
  pool2d(MaxPool, 'maxPool2d');
  pool2d(AvgPool, 'averagePool2d');
  gradient2d(MaxPoolGrad, 'maxPool2d');
  gradient2d(AvgPoolGrad, 'averagePool2d');
  pool3d(MaxPool3D, 'maxPool3d');
  pool3d(AvgPool3D, 'averagePool3d');
  gradient3d(MaxPool3DGrad, 'maxPool3d');
  gradient3d(AvgPool3DGrad, 'averagePool3d');
  kernel<MaxPoolWithArgmaxAttrs>(MaxPoolWithArgmax, withArgmax);
}
