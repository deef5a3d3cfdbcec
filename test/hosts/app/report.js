import { work } from './work.js';

const query = () => new URL(self.location.href).searchParams;

/** What the address asks `load` for. */
export const options = () => JSON.parse(query().get('options') ?? '{}');

/** Does the work on the engine that `make` gives, with the filters of `simdconv/image`, and tells the server about it, errors too. The server may be another than the page's. */
export async function report(make, filters) {
  let body;
  try {
    body = await work(await make(), filters);
  } catch (error) {
    body = { error: String(error?.message ?? error) };
  }
  const address = `${query().get('server') ?? ''}/report/${query().get('id')}`;
  await fetch(address, { method: 'POST', body: JSON.stringify(body), mode: 'no-cors' });
}
