// What we read of an OpenAPI 3.1 document, and the questions that the pages ask of it.

export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: unknown[];
  const?: unknown;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  additionalProperties?: Schema | boolean;
  minimum?: number;
  maximum?: number;
  pattern?: string;
  example?: unknown;
  examples?: unknown[];
  default?: unknown;
}

interface Content {
  schema?: Schema;
  example?: unknown;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header' | 'cookie';
  required?: boolean;
  description?: string;
  schema?: Schema;
}

export interface Operation {
  operationId?: string;
  tags?: string[];
  summary?: string;
  description?: string;
  parameters?: Parameter[];
  requestBody?: { required?: boolean; description?: string; content: Record<string, Content> };
  responses: Record<string, { description?: string; content?: Record<string, Content> }>;
  security?: Record<string, string[]>[];
}

export interface OpenApi {
  openapi: string;
  info: { title: string; version: string; description?: string };
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, Schema> };
  security?: Record<string, string[]>[];
  tags?: { name: string; description?: string }[];
}

export interface Entry {
  /** Part of the address: `post-api-v1-auth-login`. */
  id: string;
  method: string;
  path: string;
  operation: Operation;
  secured: boolean;
}

export interface Group {
  name: string;
  description: string;
  entries: Entry[];
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** Operations by their first tag, in the document's own order. */
export function groupsOf(document: OpenApi): Group[] {
  const groups = new Map<string, Group>();
  for (const tag of document.tags ?? []) {
    groups.set(tag.name, { name: tag.name, description: tag.description ?? '', entries: [] });
  }
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method];
      if (!operation) continue;
      const name = operation.tags?.[0] ?? 'other';
      const group = groups.get(name) ?? { name, description: '', entries: [] };
      groups.set(name, group);
      const id = `${method}${path.replace(/[^a-z0-9]+/gi, '-').replace(/-$/, '')}`;
      const security = operation.security ?? document.security ?? [];
      group.entries.push({ id, method, path, operation, secured: security.length > 0 });
    }
  }
  return [...groups.values()].filter((group) => group.entries.length > 0);
}

export function matches(entry: Entry, query: string): boolean {
  const { operation } = entry;
  const text = [entry.method, entry.path, operation.summary, operation.description, operation.operationId]
    .filter(Boolean)
    .join(' ')
    .toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

export function refName(schema: Schema): string | null {
  return schema.$ref?.split('/').at(-1) ?? null;
}

/** Follows a reference; `undefined` when the document does not have it. */
export function resolve(document: OpenApi, schema: Schema): Schema | undefined {
  const name = refName(schema);
  return name ? document.components?.schemas?.[name] : schema;
}

/** One short word for a type: `string`, `Conversation[]`, `integer | null`. */
export function typeName(schema: Schema): string {
  const name = refName(schema);
  if (name) return name;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const either = schema.oneOf ?? schema.anyOf;
  if (either) return [...new Set(either.map(typeName))].join(' | ');
  if (schema.allOf) return schema.allOf.map(typeName).join(' & ');
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const types = [schema.type ?? 'any'].flat();
  return types
    .map((type) => (type === 'array' ? `${schema.items ? typeName(schema.items) : 'any'}[]` : type))
    .join(' | ');
}

/** An example that fits: what the document gives, else made from the types. */
export function exampleOf(document: OpenApi, schema: Schema, depth = 0): unknown {
  const known = schema.example ?? schema.examples?.[0] ?? schema.default ?? schema.const ?? schema.enum?.[0];
  if (known !== undefined && known !== null) return known;
  // A type that holds itself must end somewhere.
  if (depth > 12) return {};
  if (schema.$ref) {
    const target = resolve(document, schema);
    return target ? exampleOf(document, target, depth + 1) : {};
  }
  const either = (schema.oneOf ?? schema.anyOf)?.find((option) => option.type !== 'null');
  if (either) return exampleOf(document, either, depth + 1);
  if (schema.allOf) {
    return Object.assign({}, ...schema.allOf.map((part) => exampleOf(document, part, depth + 1)));
  }
  const type = [schema.type ?? 'object'].flat().find((candidate) => candidate !== 'null');
  switch (type) {
    case 'string':
      return schema.format === 'date-time' ? '2026-01-08T10:12:07.672Z' : 'string';
    case 'integer':
    case 'number':
      return schema.minimum ?? 0;
    case 'boolean':
      return false;
    case 'array':
      return schema.items ? [exampleOf(document, schema.items, depth + 1)] : [];
    default:
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, field]) => [name, exampleOf(document, field, depth + 1)]),
      );
  }
}

/** A command to paste: parameters stand as `{name}`, the token as a shell variable. */
export function curlOf(document: OpenApi, entry: Entry, origin: string): string {
  const lines = [`curl ${entry.method === 'get' ? '' : `-X ${entry.method.toUpperCase()} `}'${origin}${entry.path}'`];
  if (entry.secured) lines.push(`-H "Authorization: Bearer $TOKEN"`);
  const body = entry.operation.requestBody?.content['application/json'];
  if (body?.schema) {
    const example = JSON.stringify(body.example ?? exampleOf(document, body.schema), null, 2);
    lines.push(`-H 'Content-Type: application/json'`, `-d '${example.replaceAll("'", "'\\''")}'`);
  }
  return lines.join(' \\\n  ');
}

/** Doc comments carry Markdown; of it we show the text. */
export function plain(text: string): string {
  return text
    .replace(/\[`?([^\]`]+)`?\](\([^)]*\)|\[[^\]]*\])?/g, '$1')
    .replaceAll('`', '')
    .replace(/\*\*([^*]+)\*\*/g, '$1');
}
