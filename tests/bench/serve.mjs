// Runs the three Workers in workerd, without the proxy that `wrangler dev` puts in front: each has a socket of
// workerd's own.
//
// Argument: one JSON object, as written by xtask/src/runtime.rs. Says once workerd listens; ends on SIGTERM.

import { join } from 'node:path';
import { HOST, start, worker } from './workers.mjs';

const options = JSON.parse(process.argv[2]);
const workers = options.workers.map(worker);
const ports = Object.fromEntries(options.workers.map(({ name, port }) => [`edgedesk-${name}`, port]));
if (options.raw_port) {
  ports.door = options.raw_port;
}
const running = [];
if (options.inference_alone) {
  // workerd has one thread. On Cloudflare the Workers of one account do not share one; here a second process keeps the
  // model from holding up everything else.
  const { 'edgedesk-inference': port, ...others } = ports;
  const inference = workers.find(({ name }) => name === 'edgedesk-inference');
  workers.splice(workers.indexOf(inference), 1);
  const external = { address: `${HOST}:${port}`, http: {} };
  for (const other of workers) {
    if (other.serviceBindings?.INFERENCE) {
      other.serviceBindings = { ...other.serviceBindings, INFERENCE: { external } };
    }
  }
  running.push(start(join(options.state, 'inference'), [inference], { 'edgedesk-inference': port }));
  running.push(start(options.state, workers, others));
} else {
  running.push(start(options.state, workers, ports));
}
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, async () => {
    await Promise.all(running.map((miniflare) => miniflare.dispose()));
    process.exit(0);
  });
}
await Promise.all(running.map((miniflare) => miniflare.ready));
process.stdout.write('workerd listens\n');
