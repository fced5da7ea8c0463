import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { type OpenApi, plain, refName, resolve, type Schema, typeName } from './openapi';

/** The fields of an object, each openable when it is an object itself. Stops at what it has already shown. */
export function SchemaView(props: { document: OpenApi; schema: Schema; seen?: string[] }) {
  const { document, schema, seen = [] } = props;
  const name = refName(schema);
  const target = resolve(document, schema);
  if (!target) return <p class="muted">The document does not describe {name}.</p>;
  const known = name ? [...seen, name] : seen;

  const options = (target.oneOf ?? target.anyOf)?.filter((option) => option.type !== 'null');
  if (options) {
    const only = options.length === 1 ? options[0] : undefined;
    if (only) return <SchemaView document={document} schema={only} seen={known} />;
    return (
      <div class="options">
        <p class="muted">One of:</p>
        {options.map((option, index) => (
          <Fold
            key={`${typeName(option)}-${index}`}
            head={
              <>
                {titleOf(option)}
                {option.description && <span class="muted"> {option.description}</span>}
              </>
            }
          >
            {() => <SchemaView document={document} schema={option} seen={known} />}
          </Fold>
        ))}
      </div>
    );
  }
  if (target.allOf) {
    return (
      <>
        {target.allOf.map((part, index) => (
          <SchemaView key={`${typeName(part)}-${index}`} document={document} schema={part} seen={known} />
        ))}
      </>
    );
  }
  if ([target.type].flat().includes('array') && target.items) {
    return <SchemaView document={document} schema={target.items} seen={known} />;
  }
  if (!target.properties) {
    return (
      <p class="muted">
        <code>{typeName(target)}</code> {target.description}
      </p>
    );
  }
  return (
    <dl class="fields">
      {Object.entries(target.properties).map(([field, type]) => (
        <Field
          key={field}
          document={document}
          name={field}
          schema={type}
          required={target.required?.includes(field) ?? false}
          seen={known}
        />
      ))}
    </dl>
  );
}

interface FieldProps {
  document: OpenApi;
  name: string;
  schema: Schema;
  required: boolean;
  seen: string[];
}

function Field({ document, name, schema, required, seen }: FieldProps) {
  const inner = innerRef(schema);
  const target = inner ? resolve(document, inner) : undefined;
  const opens = inner && target && isStructured(target) && !seen.includes(refName(inner) ?? '');
  const words = inner && target?.enum ? target.enum.map((value) => JSON.stringify(value)).join(' | ') : null;
  return (
    <div class="field">
      <dt>
        <code class="field-name">{name}</code>
        <code class="field-type">{words ?? typeName(schema)}</code>
        {required && <span class="required">required</span>}
      </dt>
      <dd>
        {plain(schema.description ?? inner?.description ?? target?.description ?? '')}
        {opens && (
          <Fold head={refName(inner) ?? 'fields'}>
            {() => <SchemaView document={document} schema={inner} seen={seen} />}
          </Fold>
        )}
      </dd>
    </div>
  );
}

/**
 * What opens at a click, and is made then: schemas hold each other many levels deep, and all of them at once are hundreds of
 * thousands of elements.
 */
export function Fold(props: { class?: string; head: ComponentChildren; children: () => ComponentChildren }) {
  const [opened, setOpened] = useState(false);
  return (
    <details
      class={props.class}
      onToggle={(event) => {
        if (event.currentTarget.open) setOpened(true);
      }}
    >
      <summary>{props.head}</summary>
      {opened && props.children()}
    </details>
  );
}

/** The reference in a field: itself, the items of a list, or the one choice that is not null. */
function innerRef(schema: Schema): Schema | null {
  if (schema.$ref) return schema;
  if (schema.items) return innerRef(schema.items);
  const options = (schema.oneOf ?? schema.anyOf)?.filter((option) => option.type !== 'null') ?? [];
  return options.length === 1 && options[0] ? innerRef(options[0]) : null;
}

function isStructured(schema: Schema): boolean {
  return Boolean(schema.properties || schema.oneOf || schema.anyOf || schema.allOf);
}

/** The value of a tag, such as `type`, says most about a choice. */
function titleOf(schema: Schema): string {
  const tag = Object.values(schema.properties ?? {}).find((field) => field.enum?.length === 1 || field.const);
  return tag ? String(tag.const ?? tag.enum?.[0]) : typeName(schema);
}
