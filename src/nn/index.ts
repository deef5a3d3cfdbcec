/** Small networks over an engine's operators: layers, losses, optimisers, files. */

export { Kept, type Layer, type LayerMaker, type Making, Parameter, type PreparedLayer } from './layer.ts';
export {
  type ActivationLayerName,
  type ActivationLayerOptions,
  type AveragePoolLayerOptions,
  activation,
  averagePool2d,
  type Conv2dLayerOptions,
  conv2d,
  flatten,
  type LinearLayerOptions,
  leakyRelu,
  linear,
  maxPool2d,
  type PoolLayerOptions,
  relu,
  sigmoid,
  tanh,
} from './layers.ts';
export { crossEntropy, type Loss, meanSquare } from './losses.ts';
export { type AdamOptions, adam, NotFiniteError, type Optimizer, type SgdOptions, sgd } from './optimizers.ts';
export { generator, type Initialization } from './random.ts';
export { decodeSafetensors, encodeSafetensors, loadState, type Safetensors, SafetensorsError } from './safetensors.ts';
export { type PreparedSequential, type Sequential, type SequentialOptions, sequential } from './sequential.ts';
