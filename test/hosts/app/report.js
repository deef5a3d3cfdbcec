import { work } from './work.js';

const query = new URL(self.location.href).searchParams;

/** What the address asks `load` for. */
export const options = JSON.parse(query.get('options') ?? '{}');

/** Does the work on the engine that `make` gives, and tells the server about it, errors too. */
export async function report(make) {
  let body;
  try {
    body = await work(await make());
  } catch (error) {
    body = { error: String(error?.message ?? error) };
  }
  await fetch(`/report/${query.get('id')}`, { method: 'POST', body: JSON.stringify(body) });
}
