import { version } from 'simdconv/package.json';

interface Brands {
  readonly brands: readonly { readonly brand: string; readonly version: string }[];
  readonly platform: string;
}

/** The browser by its name and version, as far as it says. */
export function browser(): string {
  const agent = navigator.userAgent;
  const hinted = (navigator as Navigator & { userAgentData?: Brands }).userAgentData;
  const system = hinted?.platform || (/\(([^;)]+)/.exec(agent)?.[1] ?? 'an unknown system');
  const known =
    hinted?.brands.find(({ brand }) => !/not.*brand|^chromium$/i.test(brand)) ?? hinted?.brands.find(({ brand }) => brand === 'Chromium');
  if (known !== undefined) return `${known.brand} ${known.version} on ${system}`;
  const [, name, number] = /(Firefox|Edg|OPR|Chrome)\/(\d+)/.exec(agent) ?? [];
  if (name !== undefined) return `${name} ${number} on ${system}`;
  const safari = /Version\/([\d.]+).*Safari/.exec(agent);
  return safari === null ? agent : `Safari ${safari[1]} on ${system}`;
}

export const simdconv = `simdconv ${version}`;

export const processors = `${navigator.hardwareConcurrency} processors`;

export const isolated = globalThis.crossOriginIsolated === true;
