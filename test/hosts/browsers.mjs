/** Chromium and Firefox: pages, workers, service workers, with and without cross-origin isolation, and under policies. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { ISOLATED } from './server.mjs';
import { command } from './tools.mjs';

const policy = (text) => ({ 'content-security-policy': text });
const STRICT = policy("script-src 'self' 'wasm-unsafe-eval'");
const simd = (threads, ...notes) => ({ variant: 'simd', threads, notes });
const two = { threads: 2 };

/** Page, headers, what `load` is asked for and what comes of it. */
const WAYS = [
  ['page', 'page.html', {}, {}, simd(1)],
  ['page, not isolated, 2 threads', 'page.html', {}, two, simd(1, /one thread: .*COOP and COEP/)],
  ['page, isolated, 2 threads', 'page.html', ISOLATED, two, simd(2)],
  ['worker', 'worker.html', {}, {}, simd(1)],
  ['worker, isolated, 2 threads', 'worker.html', ISOLATED, two, simd(2)],
  ['service worker', 'service-worker.html', {}, {}, simd(1)],
  ['strict CSP', 'policed.html', STRICT, {}, simd(1)],
  ['strict CSP, isolated, 2 threads', 'policed.html', { ...STRICT, ...ISOLATED }, two, simd(2)],
  [
    'CSP without Wasm',
    'policed.html',
    policy("script-src 'self'"),
    {},
    { variant: 'js', threads: 1, notes: [/not 'simd': this host refused/] },
  ],
  [
    'CSP without workers, 2 threads',
    'policed.html',
    { ...policy("script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'"), ...ISOLATED },
    two,
    simd(1, /1 of 1 workers did not start/),
  ],
];

/** All at once: a browser takes longer to start than the pages do. */
async function visitAll({ host, version, visit }, { server, project }) {
  const folder = await project(host.toLowerCase());
  const visits = WAYS.map(([way, page, headers, options, expected]) => {
    const { url } = server.mount(folder, headers);
    const { id, report } = server.expectReport();
    return { url: `${url}${page}?${new URLSearchParams({ id, options: JSON.stringify(options) })}`, way, expected, report };
  });
  const leave = await visit(visits.map(({ url }) => url));
  const rows = visits.map(async ({ way, expected, report }) => ({ host, version, way, expected, got: await report }));
  return Promise.all(rows).finally(leave);
}

/** Debian's Chromium, or the one that the environment names. */
export async function openChromium() {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  return {
    version: browser.version(),
    /** Opens addresses in a profile of their own, and gives back how to leave them. */
    async visit(urls) {
      const context = await browser.newContext();
      for (const url of urls) await (await context.newPage()).goto(url);
      return () => context.close();
    },
    close: () => browser.close(),
  };
}

export const browserHosts = { chromium: chromiumHost, firefox: firefoxHost };

async function chromiumHost(context) {
  return visitAll({ host: 'Chromium', ...(await context.chromium()) }, context);
}

/** No driver is needed: addresses on the command line are opened in tabs, and the pages report by themselves. */
async function firefoxHost(context) {
  const file = process.env.FIREFOX ?? '/usr/bin/firefox-esr';
  let version;
  try {
    version = (await command(file, ['--version'])).match(/[\d.]+\w*/)[0];
  } catch (error) {
    return [{ host: 'Firefox', skipped: `${file} does not run (${error.message}); FIREFOX names another` }];
  }
  const visit = async (urls) => {
    const profile = await mkdtemp(join(context.folder, 'firefox-'));
    await writeFile(join(profile, 'user.js'), FIREFOX_PREFERENCES.map((line) => `user_pref(${line});\n`).join(''));
    const child = spawn(file, ['--headless', '--no-remote', '--profile', profile, ...urls], {
      stdio: 'ignore',
      env: { ...process.env, MOZ_HEADLESS: '1', HOME: profile },
    });
    const ended = new Promise((resolve) => child.on('close', resolve));
    return async () => {
      child.kill();
      await ended;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    };
  };
  return visitAll({ host: 'Firefox', version, visit }, context);
}

/** It asks its makers for nothing. */
const FIREFOX_PREFERENCES = [
  '"app.normandy.enabled", false',
  '"app.update.auto", false',
  '"browser.aboutwelcome.enabled", false',
  '"browser.shell.checkDefaultBrowser", false',
  '"browser.safebrowsing.downloads.remote.enabled", false',
  '"datareporting.policy.dataSubmissionEnabled", false',
  '"network.captive-portal-service.enabled", false',
  '"network.connectivity-service.enabled", false',
  '"toolkit.telemetry.enabled", false',
  '"extensions.update.enabled", false',
];
