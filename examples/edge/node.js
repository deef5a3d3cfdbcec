import { serve } from '@hono/node-server';
import service from './service.js';

const port = Number(process.env.PORT ?? 8787);
serve({ fetch: service.fetch, port, hostname: '127.0.0.1' }, ({ port }) => console.log(`http://127.0.0.1:${port}/`));
