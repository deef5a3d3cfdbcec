/** Vite's development server, which bundles packages on its own and serves them from elsewhere. */
import { cp, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ISOLATED } from '../server.mjs';

const app = fileURLToPath(new URL('./app/', import.meta.url));

export async function viteDev({ tools, project, server, chromium }) {
  const root = await project('vite-dev');
  await cp(app, root, { recursive: true });
  const { createServer } = await import(pathToFileURL(createRequire(join(tools, 'package.json')).resolve('vite')));
  const { version } = JSON.parse(await readFile(join(tools, 'node_modules/vite/package.json'), 'utf8'));
  const dev = await createServer({ root, logLevel: 'error', server: { port: 0, host: '127.0.0.1', headers: ISOLATED } });
  try {
    await dev.listen();
    const { port } = dev.httpServer.address();
    const { id, report } = server.expectReport();
    const query = new URLSearchParams({ id, options: JSON.stringify({ threads: 2 }), server: server.origin });
    const leave = await (await chromium()).visit([`http://127.0.0.1:${port}/?${query}`]);
    const got = await report;
    await leave();
    return [{ host: 'Vite', version, way: 'development server, isolated, 2 threads', expected: { variant: 'simd', threads: 2 }, got }];
  } finally {
    await dev.close();
  }
}
