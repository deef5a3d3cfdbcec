/** The ABI: everything that the host calls. A driver takes the address of its parameter block and a range of tasks. */
export { ABI_VERSION as abiVersion } from './params';
export { RELAXED as relaxed } from './simd';
export { gemm1x4, gemm1x8, gemm2x4, gemm2x8, gemm3x4, gemm3x8, gemm4x4, gemm4x8, gemm5x4, gemm5x8 } from './gemm/micro';
export { pad } from './conv/pad';
export { stridedCopy, stridedSum } from './move/strided';
export { channelSum } from './move/channel-sum';
export { padAxis, padAxisBackward } from './move/pad-axis';
export { packFilterColumns, packFilterLanes, packFilterPlanes, packFilterRows } from './conv/filter';
export { convGemmNchw } from './conv/gemm-nchw';
export { convGemmNhwc } from './conv/gemm-nhwc';
export {
  convRows1x16, convRows1x4, convRows1x8, convRows2x16, convRows2x16k3, convRows2x16k3s2, convRows2x16near, convRows2x4, convRows2x8,
} from './conv/rows';
export { convDirectNchw } from './conv/direct-nchw';
export { convPixels1x1, convPixels1x4, convPixels2x4, convPixels2x4k3, convPixels2x4k3s2, convPixels2x4shared } from './conv/pixels';
export { convDirectNhwc } from './conv/direct-nhwc';
export { directFilterGradient } from './conv/direct-filter-gradient';
export { packWinogradColumns, packWinogradRows } from './conv/winograd-filter';
export {
  convWinogradNchw, winogradInput2Nchw, winogradInput4Nchw, winogradInput6Nchw, winogradOutput2Nchw, winogradOutput4Nchw, winogradOutput6Nchw,
} from './conv/winograd-nchw';
export {
  convWinogradNhwc, winogradInput2Nhwc, winogradInput4Nhwc, winogradInput6Nhwc, winogradOutput2Nhwc, winogradOutput4Nhwc, winogradOutput6Nhwc,
} from './conv/winograd-nhwc';
export { maxPool } from './pool/max';
export { averagePool } from './pool/average';
export { averagePoolBackward } from './pool/spread';
export { maxIndices } from './pool/indices';
export { gatherPixels, scatterPixels } from './pool/places';
export { timesPower } from './pool/power';
export { batchNorm, batchNormTable } from './norm/batch';
export { batchNormSums } from './norm/sums';
export { add } from './arithmetic/add';
export { clamp } from './activation/clamp';
export { leakyRelu } from './activation/leaky-relu';
export { preluColumns, preluRows } from './activation/prelu';
export { rrelu, rreluBackward } from './activation/rrelu';
export { thresholdedRelu } from './activation/thresholded-relu';
export { curve } from './activation/curve';
export { elu } from './activation/elu';
export { sigmoid } from './activation/sigmoid';
export { tanh } from './activation/tanh';
export { activationBackward } from './activation/backward';
export { preluBackward, preluSlopeBackward } from './activation/prelu-backward';
export { softmax } from './activation/softmax';
export { imageBytes, sumBytes, sumColumns, sumNarrow, sumWords } from './image/bytes';
export { imageFloats, sumFloats } from './image/floats';
export { imageBox } from './image/box';
export { foldLine, imageOrder } from './image/order';
export { imageGradient } from './image/gradient';
export { imageGrey } from './image/grey';
