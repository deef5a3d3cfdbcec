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
import { type KernelTensor, lengthOf } from '../tensor/tensor.ts';
import type { SimdconvBackend } from './backend.ts';
import { layout3d, window2d, window3d } from './geometry.ts';
import { type Call, kernel } from './kernel.ts';

type Attrs2d = MaxPoolAttrs | AvgPoolAttrs | MaxPoolWithArgmaxAttrs;
type Attrs3d = MaxPool3DAttrs | AvgPool3DAttrs;
type Method = 'maxPool2d' | 'averagePool2d' | 'maxPool3d' | 'averagePool3d';
/** Of either rank: `OptionsOf` makes those of the method that it is given with. */
type Options = Readonly<Record<string, unknown>>;
type OptionsOf<A> = (x: TensorInfo, attrs: A) => Options | undefined;

/** Is there a result, and is no window in the padding alone? */
function fits(padding: readonly number[], windowDimensions: readonly number[], outShape: readonly number[]): boolean {
  return outShape.every((extent) => extent > 0) && padding.every((side, i) => side < windowDimensions[i >> 1]);
}

function options2d(x: TensorInfo, attrs: Attrs2d) {
  const rounding = 'dimRoundingMode' in attrs ? attrs.dimRoundingMode : undefined;
  const shape = x.shape as [number, number, number, number];
  const info = backend_util.computePool2DInfo(shape, attrs.filterSize, attrs.strides, 1, attrs.pad, rounding);
  const window = window2d(info);
  const windowDimensions = [info.filterHeight, info.filterWidth] as const;
  return fits(window.padding, windowDimensions, info.outShape) ? ({ ...window, windowDimensions, layout: 'nhwc' } as const) : undefined;
}

function options3d(x: TensorInfo, { filterSize, strides, pad, dimRoundingMode, dataFormat }: Attrs3d) {
  const shape = x.shape as [number, number, number, number, number];
  const info = backend_util.computePool3DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode, dataFormat);
  const window = window3d(info);
  const windowDimensions = [info.filterDepth, info.filterHeight, info.filterWidth];
  return fits(window.padding, windowDimensions, info.outShape) ? { ...window, windowDimensions, layout: layout3d(info) } : undefined;
}

/** So many numbers are looked at one by one sooner than they are brought down to fewer. */
const FEW = 2048;

/** TensorFlow.js's maxima skip NaNs, the engine's do not: one that met any is left to TensorFlow.js. */
function hasNaN(backend: SimdconvBackend, maxima: KernelTensor): boolean {
  const { data } = maxima;
  if (data.length <= FEW) return someNaN(data);
  const width = lengthOf(maxima.shape.slice(-2));
  const rows = maxima.view([1, 1, data.length / width, width]);
  using columns = backend.engine.maxPool2d(rows, { windowDimensions: [rows.shape[2], 1] });
  return someNaN(columns.data);
}

function someNaN(data: Float32Array): boolean {
  // Its sum would be sooner had, but is a NaN of infinities too.
  for (let i = 0; i < data.length; i++) if (Number.isNaN(data[i])) return true;
  return false;
}

/** A result, but for maxima that met a NaN. */
function unlessNaN(backend: SimdconvBackend, method: Method, result: KernelTensor): TensorInfo | undefined {
  if (!method.startsWith('max') || !hasNaN(backend, result)) return backend.result(result);
  result.dispose();
  return undefined;
}

function pool<A>(kernelName: string, method: Method, optionsOf: OptionsOf<A>): void {
  kernel<A>(kernelName, ({ inputs: { x }, attrs, backend }) => {
    const options = optionsOf(x, attrs);
    if (options === undefined) return undefined;
    const forward = (tensor: KernelTensor): KernelTensor => backend.engine[method](tensor, options);
    return unlessNaN(backend, method, forward(backend.operand(x)));
  });
}

function gradient<A>(kernelName: string, method: Method, optionsOf: OptionsOf<A>): void {
  kernel<A>(kernelName, ({ inputs: { dy, input }, attrs, backend }) => {
    const options = optionsOf(input, attrs);
    if (options === undefined) return undefined;
    // The gradient of an average counts the padding in TensorFlow.js, though the average does not.
    const all = method.startsWith('average') ? { ...options, countIncludePad: true } : options;
    return backend.result(backend.engine[`${method}Backward`](backend.operand(dy), backend.operand(input), all));
  });
}

/** Indices count [height, width, channels] here, or [batch, height, width, channels]; the engine's the pixels of a plane. */
function withArgmax({ inputs: { x }, attrs, backend }: Call<MaxPoolWithArgmaxAttrs>): TensorInfo[] | undefined {
  const options = options2d(x, attrs);
  if (options === undefined) return undefined;
  const { values, indices } = backend.engine.maxPool2dWithIndices(backend.operand(x), options);
  if (hasNaN(backend, values)) {
    for (const tensor of [values, indices]) tensor.dispose();
    return undefined;
  }
  const [, height, width, channels] = x.shape;
  const imageLength = height * width * channels;
  const outLength = indices.data.length / x.shape[0];
  const flat = Int32Array.from(indices.data, (pixel, i) => {
    const image = attrs.includeBatchInIndex ? Math.floor(i / outLength) * imageLength : 0;
    return image + pixel * channels + (i % channels);
  });
  indices.dispose();
  return [backend.result(values), backend.makeTensorInfo([...values.shape], 'int32', flat)];
}

export function registerPool(): void {
  pool(MaxPool, 'maxPool2d', options2d);
  pool(AvgPool, 'averagePool2d', options2d);
  gradient(MaxPoolGrad, 'maxPool2d', options2d);
  gradient(AvgPoolGrad, 'averagePool2d', options2d);
  pool(MaxPool3D, 'maxPool3d', options3d);
  pool(AvgPool3D, 'averagePool3d', options3d);
  gradient(MaxPool3DGrad, 'maxPool3d', options3d);
  gradient(AvgPool3DGrad, 'averagePool3d', options3d);
  kernel<MaxPoolWithArgmaxAttrs>(MaxPoolWithArgmax, withArgmax);
}
