// Runs the three Workers in workerd, without the proxy that `wrangler dev` puts in front: each has a socket of
// workerd's own.
//
// Argument: one JSON object, as written by xtask/src/runtime.rs. Says once workerd listens; ends on SIGTERM.

import { join } from 'node:path';
import { HOST, script, start, worker } from './workers.mjs';

/** What a Worker could be at best: a constant, from JavaScript. What is posted to it goes on the `events` queue as it is. */
const RAW_WORKER = `
  const headers = { 'content-type': 'application/json' };
  export default {
    async fetch(request, env) {
      if (request.method === 'POST') await env.EVENTS.send(await request.text(), { contentType: 'text' });
      return new Response('{"status":"ok"}', { headers });
    },
  }`;

const options = JSON.parse(process.argv[2]);
const workers = options.workers.map(worker);
const running = [];
if (options.inference_alone) {
  // workerd has one thread. On Cloudflare the Workers of one account do not share one; here a second process keeps the
  // model from holding up everything else.
  const [gateway, inference] = ['gateway', 'inference'].map((name) => workers.find((one) => one.name === `edgedesk-${name}`));
  workers.splice(workers.indexOf(inference), 1);
  const address = `${HOST}:${inference.unsafeDirectSockets[0].port}`;
  gateway.serviceBindings = { ...gateway.serviceBindings, INFERENCE: { external: { address, http: {} } } };
  running.push(start(join(options.state, 'inference'), [inference]));
}
if (options.raw_port) {
  workers.push({ ...script('raw', RAW_WORKER, options.raw_port), queueProducers: { EVENTS: 'events' } });
}
running.push(start(options.state, workers));
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, async () => {
    await Promise.all(running.map((miniflare) => miniflare.dispose()));
    process.exit(0);
  });
}
await Promise.all(running.map((miniflare) => miniflare.ready));
process.stdout.write('workerd listens\n');
