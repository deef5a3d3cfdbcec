/** Serves folders to browsers, each under headers of its own, and takes what their pages report. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' };

export const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

export async function serve() {
  const mounts = [];
  const reports = new Map();
  let reportCount = 0;

  async function answer(request, response) {
    const { pathname } = new URL(request.url, 'http://localhost');
    const [, first, ...rest] = pathname.split('/');
    if (first === 'report') {
      let body = '';
      for await (const chunk of request.setEncoding('utf8')) body += chunk;
      reports.get(rest[0])?.(JSON.parse(body));
      return response.writeHead(204).end();
    }
    const mount = mounts[Number(first)];
    const path = normalize(decodeURIComponent(rest.join('/')) || 'index.html');
    if (mount === undefined || path.startsWith('..')) return response.writeHead(404).end();
    try {
      const body = await readFile(join(mount.folder, path));
      mount.served.push({ path, text: body.toString('latin1') });
      response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream', ...mount.headers }).end(body);
    } catch {
      response.writeHead(404, mount.headers).end();
    }
  }

  const server = createServer((request, response) => answer(request, response).catch(() => response.writeHead(500).end()));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    origin,
    /** Where the folder is found, ending in a slash, and what of it has been served so far. */
    mount(folder, headers = {}) {
      const served = [];
      mounts.push({ folder, headers, served });
      return { url: `${origin}/${mounts.length - 1}/`, served };
    },
    /** An id for a page's address, and the report that will come under it. */
    expectReport(milliseconds = 180_000) {
      const id = String(reportCount++);
      let timer;
      const report = new Promise((resolve) => {
        reports.set(id, resolve);
        timer = setTimeout(resolve, milliseconds, { error: `no report within ${milliseconds / 1000} s` });
      });
      return { id, report: report.finally(() => clearTimeout(timer)) };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}
