/** Next.js: a page whose server component convolves while it is built or asked for, and whose client component does so in Chromium. */
import { spawn } from 'node:child_process';
import { cp, readFile, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { command } from '../tools.mjs';

const app = fileURLToPath(new URL('./next/', import.meta.url));

export async function next({ tools, project, server, chromium }) {
  const folder = await project('next');
  await cp(app, folder, { recursive: true });
  const row = { host: 'Next.js', version: JSON.parse(await readFile(join(tools, 'node_modules/next/package.json'), 'utf8')).version };
  // Next.js looks for itself and React in the project only.
  for (const name of ['next', 'react', 'react-dom']) await symlink(join(tools, 'node_modules', name), join(folder, 'node_modules', name));
  const bin = join(tools, 'node_modules/next/dist/bin/next');
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' };
  await command(process.execPath, [bin, 'build'], { cwd: folder, env });

  const port = await freePort();
  const child = spawn(process.execPath, [bin, 'start', '-p', port, '-H', '127.0.0.1'], { cwd: folder, env, stdio: 'ignore' });
  try {
    const page = await answer(`http://127.0.0.1:${port}/`);
    const got = JSON.parse(
      page
        .match(/<pre>(.*?)<\/pre>/s)[1]
        .replaceAll('&quot;', '"')
        .replaceAll('&#x27;', "'"),
    );
    // On the server it makes no script of a worker.
    const expected = { variant: 'simd', threads: 1, notes: [/1 of 1 workers did not start/] };
    const rows = [{ ...row, way: 'server component, 2 threads', expected, got }];
    for (const [way, options, threads] of [
      ['client component', {}, 1],
      ['client component, isolated, 2 threads', { threads: 2 }, 2],
    ]) {
      const { id, report } = server.expectReport();
      const query = new URLSearchParams({ id, options: JSON.stringify(options), server: server.origin });
      const leave = await (await chromium()).visit([`http://127.0.0.1:${port}/?${query}`]);
      rows.push({ ...row, way, expected: { variant: 'simd', threads }, got: await report });
      await leave();
    }
    return rows;
  } finally {
    child.kill();
  }
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(String(port)));
    });
  });
}

/** What a server answers that may not listen yet. */
async function answer(url) {
  for (let left = 300; ; left--) {
    try {
      const response = await fetch(url);
      if (!response.ok) throw new Error(`${url} answered ${response.status}`);
      return await response.text();
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
