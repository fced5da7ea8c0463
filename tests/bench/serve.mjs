// Runs the three Workers in workerd, without the proxy that `wrangler dev` puts in front. Bindings are those of the
// wrangler.toml files; each Worker has a socket of workerd's own. State folders are wrangler's.
//
// Argument: one JSON object, as written by xtask/src/runtime.rs. Says once workerd listens; ends on SIGTERM.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { unstable_getMiniflareWorkerOptions as readWorkerOptions } from 'wrangler';

const HOST = '127.0.0.1';
const COMPATIBILITY_DATE = '2026-11-01';

const CONFIGURATIONS = {
  gateway: 'wrangler.toml',
  inference: 'workers/inference/wrangler.toml',
  jobs: 'workers/jobs/wrangler.toml',
};

/** What a Worker could be at best: a constant, from JavaScript. */
const RAW_WORKER = `export default { fetch() { return new Response('{"status":"ok"}', { headers: { 'content-type': 'application/json' } }) } }`;

/** Stands in for a Worker that is down. */
const DOWN_WORKER = 'export default { fetch() { return new Response(null, { status: 503 }) } }';

const options = JSON.parse(process.argv[2]);

const workers = options.workers.map(({ name, build, port, vars }) => {
  if (!build) {
    return script(`edgedesk-${name}`, DOWN_WORKER, port);
  }
  const { workerOptions } = readWorkerOptions(CONFIGURATIONS[name]);
  const module = (type, file) => ({ type, path: join(build, file), contents: readFileSync(join(build, file)) });
  return {
    ...workerOptions,
    name: `edgedesk-${name}`,
    modulesRules: undefined,
    modulesRoot: build,
    modules: [module('ESModule', 'index.js'), module('CompiledWasm', 'index_bg.wasm')],
    bindings: { ...workerOptions.bindings, ...vars },
    unsafeDirectSockets: [{ host: HOST, port }],
  };
});
if (options.raw_port) {
  workers.push(script('raw', RAW_WORKER, options.raw_port));
}

const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    host: HOST,
    port: 0,
    cf: false,
    // The layout under a state folder that `wrangler --persist-to` uses.
    resourcePersistencePath: join(options.state, 'v3'),
    workers,
  }),
);
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, async () => {
    await miniflare.dispose();
    process.exit(0);
  });
}
await miniflare.ready;
process.stdout.write('workerd listens\n');

function script(name, source, port) {
  return {
    name,
    modules: true,
    script: source,
    compatibilityDate: COMPATIBILITY_DATE,
    unsafeDirectSockets: [{ host: HOST, port }],
  };
}
