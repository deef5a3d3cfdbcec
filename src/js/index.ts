/** The twins: one for every kernel that `assembly/index.ts` exports to the host, under the same name. */
import type { Block, KernelName, kernels } from '../kernels/params.ts';
import { activationBackward } from './activation/backward.ts';
import { clamp } from './activation/clamp.ts';
import { curve } from './activation/curve.ts';
import { elu } from './activation/elu.ts';
import { leakyRelu } from './activation/leaky-relu.ts';
import { preluColumns, preluRows } from './activation/prelu.ts';
import { preluBackward, preluSlopeBackward } from './activation/prelu-backward.ts';
import { rrelu, rreluBackward } from './activation/rrelu.ts';
import { sigmoid } from './activation/sigmoid.ts';
import { softmax } from './activation/softmax.ts';
import { tanh } from './activation/tanh.ts';
import { thresholdedRelu } from './activation/thresholded-relu.ts';
import { add } from './arithmetic/add.ts';
import { directFilterGradient } from './conv/direct-filter-gradient.ts';
import { convDirectNchw } from './conv/direct-nchw.ts';
import { convDirectNhwc } from './conv/direct-nhwc.ts';
import { packFilterColumns, packFilterLanes, packFilterPlanes, packFilterRows } from './conv/filter.ts';
import { convGemmNchw } from './conv/gemm-nchw.ts';
import { convGemmNhwc } from './conv/gemm-nhwc.ts';
import { pad } from './conv/pad.ts';
import { packWinogradColumns, packWinogradRows } from './conv/winograd-filter.ts';
import { convWinogradNchw } from './conv/winograd-nchw.ts';
import { convWinogradNhwc } from './conv/winograd-nhwc.ts';
import { imageBox } from './image/box.ts';
import { imageBytes } from './image/bytes.ts';
import { imageFloats } from './image/floats.ts';
import { imageGradient } from './image/gradient.ts';
import { imageGrey } from './image/grey.ts';
import { imageOrder } from './image/order.ts';
import { channelSum } from './move/channel-sum.ts';
import { padAxis, padAxisBackward } from './move/pad-axis.ts';
import { stridedCopy, stridedSum } from './move/strided.ts';
import { batchNorm, batchNormTable } from './norm/batch.ts';
import { batchNormSums } from './norm/sums.ts';
import { averagePool } from './pool/average.ts';
import { maxIndices } from './pool/indices.ts';
import { maxPool } from './pool/max.ts';
import { gatherPixels, scatterPixels } from './pool/places.ts';
import { timesPower } from './pool/power.ts';
import { averagePoolBackward } from './pool/spread.ts';

export const twins: {
  readonly [K in KernelName]: (p: Block<(typeof kernels)[K]>, taskBegin: number, taskEnd: number) => void;
} = {
  pad,
  stridedCopy,
  stridedSum,
  channelSum,
  padAxis,
  padAxisBackward,
  packFilterRows,
  packFilterColumns,
  packFilterPlanes,
  packFilterLanes,
  packWinogradRows,
  packWinogradColumns,
  convGemmNchw,
  convGemmNhwc,
  convDirectNchw,
  convDirectNhwc,
  directFilterGradient,
  convWinogradNchw,
  convWinogradNhwc,
  maxPool,
  averagePool,
  averagePoolBackward,
  maxIndices,
  gatherPixels,
  scatterPixels,
  timesPower,
  batchNormTable,
  batchNorm,
  batchNormSums,
  add,
  clamp,
  leakyRelu,
  thresholdedRelu,
  preluRows,
  preluColumns,
  rrelu,
  curve,
  elu,
  sigmoid,
  tanh,
  activationBackward,
  rreluBackward,
  preluBackward,
  preluSlopeBackward,
  softmax,
  imageBytes,
  imageFloats,
  imageBox,
  imageOrder,
  imageGradient,
  imageGrey,
};
