/**
 * The one list of shapes: layers of networks that people run, and filters over a full-HD plane. Batch 1, square filters.
 *
 * @typedef {object} Shape
 * @property {string} name
 * @property {string} source the network
 * @property {'conv2d' | 'maxPool2d' | 'averagePool2d' | 'relu' | 'leakyRelu' | 'prelu' | 'sigmoid' | 'tanh' | 'elu' | 'gelu' | 'softmax' | 'linear' | 'batchNorm'} operator
 * @property {number} channels of the input
 * @property {number} height
 * @property {number} width
 * @property {number} outChannels
 * @property {number} kernel
 * @property {number} stride
 * @property {number} padding
 * @property {number} groups
 * @property {number} alpha of the leaky ReLU
 */

/** @returns {Shape} */
function shape(source, operator, [channels, height, width], rest = {}) {
  const { outChannels = channels, kernel = 1, stride = 1, padding = 0, groups = 1, name } = rest;
  return { name, source, operator, channels, height, width, outChannels, kernel, stride, padding, groups, alpha: 0.2 };
}

function conv(source, channels, outChannels, kernel, stride, size) {
  return shape(source, 'conv2d', [channels, size, size], {
    name: `conv ${kernel}×${kernel} s${stride} ${channels}→${outChannels} @${size}`,
    outChannels,
    kernel,
    stride,
    padding: (kernel - 1) / 2,
  });
}

function depthwise(source, channels, stride, size) {
  return shape(source, 'conv2d', [channels, size, size], {
    name: `depthwise 3×3 s${stride} ${channels} @${size}`,
    kernel: 3,
    stride,
    padding: 1,
    groups: channels,
  });
}

function lenet(name, channels, outChannels, size) {
  return shape('LeNet-5', 'conv2d', [channels, size, size], {
    name: `${name} 5×5 ${channels}→${outChannels} @${size}`,
    outChannels,
    kernel: 5,
  });
}

function image(kernel) {
  return shape('image', 'conv2d', [1, 1080, 1920], {
    name: `plane ${kernel}×${kernel} @1080p`,
    kernel,
    padding: (kernel - 1) / 2,
  });
}

function pool(operator, label, kernel, stride, padding, channels, size) {
  const name = `${label} pool ${kernel}×${kernel} s${stride} ${channels} @${size}`;
  return shape('ResNet-50', operator, [channels, size, size], { name, kernel, stride, padding });
}

/** 64 channels of 112 × 112: 3.2 MB. */
function activation(operator) {
  return shape('3.2 MB', operator, [64, 112, 112], { name: operator });
}

/** @type {readonly Shape[]} */
export const shapes = [
  conv('ResNet-50', 64, 64, 3, 1, 56),
  conv('ResNet-50', 128, 128, 3, 1, 28),
  conv('ResNet-50', 256, 256, 3, 1, 14),
  conv('ResNet-50', 512, 512, 3, 1, 7),
  conv('ResNet-50', 64, 256, 1, 1, 56),
  conv('ResNet-50', 512, 128, 1, 1, 28),
  conv('ResNet-50', 3, 64, 7, 2, 224),
  conv('MobileNetV2', 3, 32, 3, 2, 224),
  depthwise('MobileNetV2', 32, 1, 112),
  depthwise('MobileNetV2', 96, 2, 112),
  depthwise('MobileNetV2', 384, 1, 14),
  lenet('C1', 1, 6, 32),
  lenet('C3', 6, 16, 14),
  image(3),
  image(5),
  pool('maxPool2d', 'max', 2, 2, 0, 64, 112),
  pool('averagePool2d', 'average', 3, 1, 1, 64, 56),
  activation('relu'),
  activation('leakyRelu'),
  activation('prelu'),
  activation('sigmoid'),
  activation('tanh'),
  activation('elu'),
  activation('gelu'),
  activation('softmax'),
  activation('batchNorm'),
  shape('ResNet-50', 'linear', [2048, 1, 1], { name: 'linear 2048→1000', outChannels: 1000 }),
];

/** One of each way to compute. */
export const quickShapes = shapes.filter(({ name }) =>
  [
    'conv 3×3 s1 256→256 @14',
    'conv 1×1 s1 512→128 @28',
    'depthwise 3×3 s1 384 @14',
    'C1 5×5 1→6 @32',
    'max pool 2×2 s2 64 @112',
    'relu',
    'sigmoid',
  ].includes(name),
);

/** Shapes with a word in name, operator or network that `text` begins, whatever its case; × may be typed as x. */
export function matching(text) {
  const plain = (s) => s.toLowerCase().replaceAll('×', 'x').replaceAll('→', '-');
  return shapes.filter((s) => plain(` ${s.source} ${s.operator} ${s.name}`).includes(plain(` ${text}`)));
}

const outSize = (size, { kernel, stride, padding }) => Math.floor((size + 2 * padding - kernel) / stride) + 1;

export const outHeight = (s) => outSize(s.height, s);
export const outWidth = (s) => outSize(s.width, s);

/** What one call costs, however it is computed: flops of the direct algorithm, and bytes that must be read and written. */
export function cost(s) {
  const outputs = s.outChannels * outHeight(s) * outWidth(s);
  return {
    flops: s.operator === 'conv2d' || s.operator === 'linear' ? (2 * outputs * s.channels * s.kernel * s.kernel) / s.groups : 0,
    bytes: 4 * (s.channels * s.height * s.width + outputs),
  };
}

export const dimensions = (layout, channels, height, width) =>
  layout === 'nchw' ? [1, channels, height, width] : [1, height, width, channels];
