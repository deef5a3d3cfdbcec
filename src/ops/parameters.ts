/** What the parameters of an operator are called, for the messages of what cannot even be read. */

const OPERANDS: Readonly<Record<string, readonly string[]>> = {
  add: ['a', 'b'],
  batchNorm: ['x', 'mean', 'variance'],
  col2im: ['columns', 'outputSizes'],
  col2imBackward: ['dy'],
  conv2dMatrix: ['filter', 'inputSizes'],
  im2colBackward: ['dy', 'outputSizes'],
  linear: ['x', 'weight'],
  maxUnpool2d: ['x', 'indices'],
  pad: ['x', 'beginningPadding', 'endingPadding'],
  prelu: ['x', 'slope'],
};

function operandsOf(name: string): readonly string[] {
  if (name in OPERANDS) return OPERANDS[name];
  if (name.endsWith('Backward')) return ['dy', ...operandsOf(name.slice(0, -'Backward'.length))];
  if (name.startsWith('conv')) return ['x', 'filter'];
  return name.startsWith('adaptive') ? ['x', 'outputSizes'] : ['x'];
}

export function parametersOf(name: string): readonly string[] {
  return [...operandsOf(name), 'options'];
}
