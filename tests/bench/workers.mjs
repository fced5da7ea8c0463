// The three Workers as Miniflare takes them: bindings from the wrangler.toml files, modules from a build.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { unstable_getMiniflareWorkerOptions as readWorkerOptions } from 'wrangler';

export const HOST = '127.0.0.1';

const COMPATIBILITY_DATE = '2026-11-01';

const CONFIGURATIONS = {
  gateway: 'wrangler.toml',
  inference: 'workers/inference/wrangler.toml',
  jobs: 'workers/jobs/wrangler.toml',
};

/** Stands in for a Worker that is down; for the gateway it has the classes that `jobs` binds to. */
const DOWN_WORKER = `
  export class ConversationObject {}
  export class DeskObject {}
  export default { fetch() { return new Response(null, { status: 503 }) } }`;

/** A Worker by name, listening on `port`; without a build it is down. */
export function worker({ name, build, port, vars }) {
  if (!build) {
    const objects = name === 'gateway' ? { CONVERSATIONS: 'ConversationObject', DESKS: 'DeskObject' } : {};
    const durableObjects = Object.fromEntries(
      Object.entries(objects).map(([binding, className]) => [binding, { className, useSQLite: true }]),
    );
    return { ...script(`edgedesk-${name}`, DOWN_WORKER, port), durableObjects };
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
}

/** A Worker of a few lines of JavaScript. */
export function script(name, source, port) {
  return {
    name,
    modules: true,
    script: source,
    compatibilityDate: COMPATIBILITY_DATE,
    unsafeDirectSockets: [{ host: HOST, port }],
  };
}

/** Runs Workers on a state folder of wrangler's layout. */
export function start(state, workers) {
  const options = { host: HOST, port: 0, cf: false, resourcePersistencePath: join(state, 'v3'), workers };
  return new Miniflare(convertV4MiniflareOptions(options));
}
