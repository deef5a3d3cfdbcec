import { load } from 'simdconv';
import { filters } from 'simdconv/image';
import { work } from '../work.js';
import { Client } from './client.jsx';

export const dynamic = 'force-dynamic';

export default async function Page() {
  const engine = await load({ threads: 2 });
  const done = await work(engine, filters);
  engine.dispose();
  return (
    <>
      <pre>{JSON.stringify(done)}</pre>
      <Client />
    </>
  );
}
