import { parse, View } from 'vega';
import { compile } from 'vega-lite';

/** Told apart by hue and by lightness, on white and on near-black. */
const COLOURS = { 'plain JS': '#8c8c8c', 'tfjs-wasm': '#e58606', 'ORT-web': '#5d9ce6', 'ORT-native': '#2f9e77', 'OpenCV.js': '#c764b4' };

/**
 * Bars from 1× (as fast as simdconv) to how many times as long each peer takes, on a logarithmic scale. The background is
 * transparent, and text and lines follow the reader's colour scheme.
 *
 * @param {readonly { shape: string, peer: string, ratio: number }[]} bars
 * @returns {Promise<string>} SVG
 */
export async function chart(bars, subtitle) {
  const shown = bars.filter(({ peer }) => peer in COLOURS);
  const inOrder = [...new Set(shown.map(({ shape }) => shape))];
  const { spec } = compile({
    title: { text: 'Time of plain JavaScript and of each peer, as a multiple of simdconv’s (simd, one thread)', subtitle, anchor: 'start' },
    data: { values: shown.map((bar) => ({ ...bar, label: `${bar.ratio < 10 ? bar.ratio.toPrecision(2) : bar.ratio.toFixed(0)}×` })) },
    width: 560,
    height: { step: 11 },
    encoding: {
      y: { field: 'shape', type: 'nominal', sort: inOrder, title: null, axis: { labelLimit: 320 } },
      yOffset: { field: 'peer', sort: Object.keys(COLOURS) },
      x: { field: 'ratio', type: 'quantitative', scale: { type: 'log' }, title: 'times as long (logarithmic)', axis: { format: '~g' } },
      color: {
        field: 'peer',
        type: 'nominal',
        scale: { domain: Object.keys(COLOURS), range: Object.values(COLOURS) },
        legend: { orient: 'top', title: null },
      },
    },
    layer: [
      { mark: { type: 'bar' }, encoding: { x2: { datum: 1 } } },
      {
        transform: [{ filter: 'datum.ratio >= 1' }],
        mark: { type: 'text', align: 'left', dx: 3, fontSize: 9 },
        encoding: { text: { field: 'label' }, color: { value: '#000' } },
      },
      {
        transform: [{ filter: 'datum.ratio < 1' }],
        mark: { type: 'text', align: 'right', dx: -3, fontSize: 9 },
        encoding: { text: { field: 'label' }, color: { value: '#000' } },
      },
    ],
    config: { background: null, view: { stroke: null }, axis: { gridColor: '#888', gridOpacity: 0.25, domain: false, tickColor: '#888' } },
  });
  const svg = await new View(parse(spec), { renderer: 'none' }).toSVG();
  const style = '<style>text { fill: #1f2328 } @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }</style>';
  return `${svg.replace(/(<svg[^>]*>)/, `$1${style}`)}\n`;
}
