/** Where no import map reaches: under a strict policy, in a worker, in a service worker. */

import { filters } from './node_modules/simdconv/dist/image/index.js';
import { load } from './node_modules/simdconv/dist/index.js';
import { options, report } from './report.js';

report(() => load(options()), filters);
