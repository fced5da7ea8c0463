// How long a Worker takes from nothing to its first answer: workerd is started with it and two that are down, and with
// three that are down. The difference of the medians is the Worker's own.
//
// Argument: {"state", "starts", "workers": [{"name", "build"}]}. The last line it prints is a JSON array of {"name", "cold_ms"}.

import { once } from 'node:events';
import { createServer } from 'node:net';
import { HOST, start, worker } from './workers.mjs';

/** A path that makes the Worker do its least. */
const FIRST_PATH = { gateway: '/health/live', inference: '/health', jobs: '/health' };

const options = JSON.parse(process.argv[2]);
// The first start reads programs and files from the disk.
await firstAnswer(undefined, 'gateway');

const results = [];
for (const { name } of options.workers) {
  const [empty, whole] = [[], []];
  for (let n = 0; n < options.starts; n += 1) {
    empty.push(await firstAnswer(undefined, name));
    whole.push(await firstAnswer(name, name));
  }
  results.push({ name, cold_ms: median(whole) - median(empty) });
}
process.stdout.write(`${JSON.stringify(results)}\n`);

/** Milliseconds from the start of workerd to the first answer of `asked`, with only `present` built. */
async function firstAnswer(present, asked) {
  const port = await freePort();
  const workers = options.workers.map(({ name, build }) =>
    worker({ name, build: name === present ? build : undefined, vars: {} }),
  );
  const begin = performance.now();
  const miniflare = start(options.state, workers, { [`edgedesk-${asked}`]: port });
  await miniflare.ready;
  const response = await fetch(`http://${HOST}:${port}${FIRST_PATH[asked]}`);
  await response.arrayBuffer();
  const millis = performance.now() - begin;
  await miniflare.dispose();
  if (present && response.status >= 400) {
    throw new Error(`${asked} answered ${response.status}`);
  }
  return millis;
}

function median(numbers) {
  return numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

async function freePort() {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
