/**
 * TensorFlow.js's own test suite, as it is shipped in @tensorflow/tfjs-core, against the backend of dist/tfjs. Prints how many specs
 * ran and passed; ends with 1 when one failed.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import Jasmine from 'jasmine';

/** Specs that are not run, by the beginning of their full names, and why. */
const EXCLUDED = {};

const root = fileURLToPath(new URL('../..', import.meta.url));
const require = createRequire(import.meta.url);
const core = join(require.resolve('@tensorflow/tfjs-core/package.json'), '..', 'dist');
const cpu = join(require.resolve('@tensorflow/tfjs-backend-cpu/package.json'), '..', 'dist');
const out = join(root, 'build/tfjs');
const backend = 'simdconv';

await mkdir(out, { recursive: true });
// The environments have to be set before the first test file is loaded: hence two modules, in this order.
const environments = `
import { setTestEnvs } from ${JSON.stringify(join(core, 'jasmine_util.js'))};
import ${JSON.stringify(join(root, 'dist/tfjs/index.js'))};
setTestEnvs([{ name: '${backend}', backendName: '${backend}', isDataSync: true }]);`;
const entry = ['index.js', 'public/chained_ops/register_all_chained_ops.js', 'register_all_gradients.js']
  .map((file) => `import ${JSON.stringify(join(core, file))};`)
  .concat(`import './environments.js';`, `import ${JSON.stringify(join(core, 'tests.js'))};`);
await writeFile(join(out, 'environments.js'), environments);
await writeFile(join(out, 'entry.js'), entry.join('\n'));
await build({
  entryPoints: [join(out, 'entry.js')],
  outfile: join(out, 'suite.cjs'),
  bundle: true,
  platform: 'node',
  format: 'cjs',
  // TensorFlow.js calls files free of side effects that are not.
  ignoreAnnotations: true,
  logLevel: 'error',
  define: { 'import.meta.url': '__importMetaUrl' },
  banner: { js: "const __importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  // One copy of the core, and the sources rather than the bundles.
  alias: { '@tensorflow/tfjs-core': join(core, 'index.js'), '@tensorflow/tfjs-backend-cpu': join(cpu, 'index.js') },
  external: ['node-fetch', 'jasmine-core/*'],
});

const jasmine = new Jasmine();
jasmine.exitOnCompletion = false;
jasmine.env.clearReporters();
const counts = { passed: 0, failed: 0, pending: 0, excluded: 0 };
jasmine.env.addReporter({
  specDone({ status, fullName, failedExpectations }) {
    counts[status]++;
    if (status === 'failed') console.error(`failed: ${fullName}\n  ${failedExpectations[0]?.message}`);
  },
});
jasmine.env.configure({ random: false, specFilter: (spec) => !Object.keys(EXCLUDED).some((name) => spec.getFullName().startsWith(name)) });
require(join(out, 'suite.cjs'));
await jasmine.execute();
for (const [name, why] of Object.entries(EXCLUDED)) console.log(`excluded: ${name} (${why})`);
console.log(`tfjs: ${counts.passed} specs passed, ${counts.failed} failed, ${counts.pending} pending, ${counts.excluded} excluded`);
process.exit(counts.failed === 0 && counts.passed > 4000 ? 0 : 1);
