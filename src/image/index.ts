/** `simdconv/image`: filters over photographs and video. */

export {
  type AsyncFilterOperators,
  type BlurOptions,
  type EmbossOptions,
  type Filtered,
  type FilteredImage,
  type FilterOperators,
  type Filters,
  filters,
  type GaussianOptions,
  type GradientOptions,
  type GrayscaleOptions,
  type MorphologyOptions,
  type MotionBlurOptions,
  type UnsharpOptions,
} from './filters.ts';
export { type ElementType, KernelImage } from './kernel-image.ts';
export type { Direction } from './kernels.ts';
export type { BorderMode, Filter2dOptions, FilterOptions, Image, ImageBytes, Kernel, RawImage } from './spec.ts';
