/** The ABI: everything that the host calls. A driver takes the address of its parameter block and a range of tasks. */
export { ABI_VERSION as abiVersion } from './params';
export { RELAXED as relaxed } from './simd';
export { gemm1x4, gemm1x8, gemm2x4, gemm2x8, gemm3x4, gemm3x8, gemm4x4, gemm4x8, gemm5x4, gemm5x8 } from './gemm/micro';
export { pad } from './conv/pad';
export { packFilterColumns, packFilterRows } from './conv/filter';
export { convGemmNchw } from './conv/gemm-nchw';
export { convGemmNhwc } from './conv/gemm-nhwc';
export { clamp } from './activation/clamp';
export { leakyRelu } from './activation/leaky-relu';
export { preluColumns, preluRows } from './activation/prelu';
export { rrelu } from './activation/rrelu';
export { thresholdedRelu } from './activation/thresholded-relu';
