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

/**
 * What a Worker could be at best: a constant, from JavaScript. What is posted to it goes on the `events` queue as it is; posted to
 * `/cron`, it is the pattern of a cron trigger that goes off in the jobs Worker.
 */
const DOOR_WORKER = `
  const headers = { 'content-type': 'application/json' };
  export default {
    async fetch(request, env) {
      if (request.method === 'POST') {
        const text = await request.text();
        if (new URL(request.url).pathname === '/cron') {
          await env.JOBS.scheduled({ cron: text, scheduledTime: new Date() });
        } else {
          await env.EVENTS.send(text, { contentType: 'text' });
        }
      }
      return new Response('{"status":"ok"}', { headers });
    },
  }`;

/** Stands in for a Worker that is down; for the gateway it has the classes that `jobs` binds to. */
const DOWN_WORKER = `
  export class ConversationObject {}
  export class DeskObject {}
  export class KnowledgeObject {}
  export class LedgerObject {}
  export class LimiterObject {}
  export class MetricsObject {}
  export default { fetch() { return new Response(null, { status: 503 }) } }`;

/** A Worker by name; without a build it is down. */
export function worker({ name, build, vars, assets }) {
  if (!build) {
    const objects =
      name === 'gateway'
        ? {
            CONVERSATIONS: 'ConversationObject',
            DESKS: 'DeskObject',
            KNOWLEDGE_OBJECTS: 'KnowledgeObject',
            LEDGERS: 'LedgerObject',
            LIMITERS: 'LimiterObject',
            METRICS: 'MetricsObject',
          }
        : {};
    const durableObjects = Object.fromEntries(
      Object.entries(objects).map(([binding, className]) => [binding, { className, useSQLite: true }]),
    );
    return { ...script(`edgedesk-${name}`, DOWN_WORKER), durableObjects };
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
    ...(assets && { assets: { ...workerOptions.assets, directory: assets } }),
  };
}

/** A Worker of a few lines of JavaScript. */
export function script(name, source) {
  return { name, modules: true, script: source, compatibilityDate: COMPATIBILITY_DATE };
}

/**
 * Runs Workers on a state folder of wrangler's layout, each listening on the port that `ports` has for its name.
 *
 * The sockets belong to a Worker of their own: those of a Worker with assets would lead through two more, in JavaScript,
 * that imitate what Cloudflare does natively before a request gets there.
 */
export function start(state, workers, ports) {
  const sockets = Object.entries(ports).map(([serviceName, port]) => ({ host: HOST, port, serviceName }));
  const hasJobs = workers.some(({ name }) => name === 'edgedesk-jobs');
  const door = {
    ...script('door', DOOR_WORKER),
    // What lets a Worker set off another's cron trigger; on Cloudflare nobody but the platform does.
    compatibilityFlags: ['service_binding_extra_handlers'],
    serviceBindings: hasJobs ? { JOBS: 'edgedesk-jobs' } : {},
    unsafeDirectSockets: sockets,
    queueProducers: { EVENTS: 'events' },
  };
  const options = {
    host: HOST,
    port: 0,
    cf: false,
    resourcePersistencePath: join(state, 'v3'),
    workers: [door, ...workers],
  };
  return new Miniflare(convertV4MiniflareOptions(options));
}
