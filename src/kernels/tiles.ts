/** Sizes that kernels and those who plan for them agree on. */

/** Rows of the largest microkernel: the most that a panel of `a` holds. */
export const ROWS = 5;

/** Columns of the wide microkernels: a panel of `b` holds 8, or 4 when it is the last and no more are needed. */
export const COLUMNS = 8;

/** Scratch of every matrix product before its panels (gemm/tile.ts): zeros, bounds, a staged tile and the run. */
export const TILE_SCRATCH_BYTES = 256;

/** Scratch of a direct convolution before its offsets (conv/direct-nchw.ts and conv/direct-nhwc.ts): the larger serves both. */
export const DIRECT_HEADER_BYTES = 224;

/** Winograd: panels of output channels that a task computes together. It fetches transformed input once for all of them. */
export const PART_PANELS = 4;

/** Winograd: scratch of both layouts begins with tiles (gemm/tile.ts), tables of a quad, and tiles on their way. */
export const WORK_BYTES = 4096;

/** Winograd: a record of where a tile and its input lie (conv/winograd-tiles.ts). */
export const RECORD_BYTES = 32;

/** Winograd: scratch for packing a filter: G, and 64 positions of eight channels. */
export const FILTER_SCRATCH_BYTES = 2240;

/** Direct filter gradient: rows, columns and lanes of the filter that a task holds. */
export const GRADIENT_ROWS = 3;
export const GRADIENT_COLUMNS = 3;
export const GRADIENT_LANES = 4;
