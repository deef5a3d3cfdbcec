import { load, loadSync } from 'simdconv';
import { filters } from 'simdconv/image';
import module from 'simdconv/wasm/simd.wasm';
import { work } from './work.js';

const ways = {
  'imported module': () => load({ module }),
  'imported module, 2 threads': () => load({ module, threads: 2 }),
  'loadSync, imported module': () => loadSync({ module }),
  'no module': () => load(),
};

export default {
  async fetch() {
    const reports = {};
    for (const [way, make] of Object.entries(ways)) {
      try {
        reports[way] = await work(await make(), filters);
      } catch (error) {
        reports[way] = { error: error.message };
      }
    }
    return Response.json(reports);
  },
};
