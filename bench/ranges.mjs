const GROUPS = {
  three: '3×3 convolutions',
  one: '1×1 convolutions',
  stem: 'stems, LeNet-5',
  depthwise: 'depthwise convolutions',
  plane: 'image planes',
  pool: 'pools',
  element: 'ReLUs, batch normalisation',
  exponential: 'exponentials',
  linear: 'dense layer',
};

/** What a shape is counted with where ratios are given as a range. */
export function groupOf({ operator, kernel, stride, groups, channels, outChannels }) {
  if (operator === 'linear') return GROUPS.linear;
  if (operator.endsWith('Pool2d')) return GROUPS.pool;
  if (['sigmoid', 'tanh', 'elu', 'gelu', 'softmax'].includes(operator)) return GROUPS.exponential;
  if (operator !== 'conv2d') return GROUPS.element;
  if (groups > 1) return GROUPS.depthwise;
  if (channels === 1 && outChannels === 1) return GROUPS.plane;
  if (kernel === 1) return GROUPS.one;
  return kernel === 3 && stride === 1 ? GROUPS.three : GROUPS.stem;
}

/**
 * From the least to the most of each group, and of all of them, with the best one by its name: one number for many layers would be that of
 * the luckiest.
 *
 * @param {readonly { shape: string, group: string, algorithm?: string, times: number }[]} figures
 */
export function ranges(figures) {
  const rangeOf = (group, members) => {
    const sorted = members.toSorted((a, b) => a.times - b.times);
    const best = sorted.at(-1);
    return {
      group,
      least: sorted[0].times,
      most: best.times,
      best: best.algorithm === 'winograd' ? `${best.shape} (Winograd)` : best.shape,
    };
  };
  const groups = [...new Set(figures.map(({ group }) => group))];
  const each = groups.map((group) =>
    rangeOf(
      group,
      figures.filter((one) => one.group === group),
    ),
  );
  return figures.length === 0 ? [] : [...each, rangeOf('all', figures)];
}
