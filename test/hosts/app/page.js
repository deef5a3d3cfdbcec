import { load } from 'simdconv';
import { filters } from 'simdconv/image';
import { options, report } from './report.js';

report(() => load(options()), filters);
