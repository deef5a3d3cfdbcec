import { load } from 'simdconv';
import { options, report } from './report.js';

report(() => load(options()));
