import { filters } from 'simdconv/image';
import { loadJs } from 'simdconv/js';
import { report } from './report.js';

report(() => loadJs(), filters);
