import { useState } from 'preact/hooks';
import { curlOf, type Entry, exampleOf, type OpenApi, type Parameter, plain, typeName } from './openapi';
import { Fold, SchemaView } from './schema';

export function OperationView({ document, entry }: { document: OpenApi; entry: Entry }) {
  const { operation } = entry;
  const body = operation.requestBody?.content['application/json'];
  return (
    <article class="operation" id={entry.id} aria-labelledby={`${entry.id}-title`}>
      <div class="operation-text">
        <h3 id={`${entry.id}-title`}>
          <span class={`method ${entry.method}`}>{entry.method.toUpperCase()}</span>
          <code>{entry.path}</code>
        </h3>
        {operation.summary && !saysOnlyItsName(operation.summary, entry) && (
          <p class="summary">{plain(operation.summary)}</p>
        )}
        {operation.description && <p>{plain(operation.description)}</p>}
        <Parameters title="Path" parameters={operation.parameters?.filter((one) => one.in === 'path')} />
        <Parameters title="Query" parameters={operation.parameters?.filter((one) => one.in === 'query')} />
        <Parameters title="Headers" parameters={operation.parameters?.filter((one) => one.in === 'header')} />
        {body?.schema && (
          <section>
            <h4>Body</h4>
            <SchemaView document={document} schema={body.schema} />
          </section>
        )}
        <section>
          <h4>Answers</h4>
          {Object.entries(operation.responses).map(([status, answer]) => (
            <Answer key={status} document={document} status={status} answer={answer} />
          ))}
        </section>
      </div>
      <div class="operation-code">
        <Code title="Request" text={curlOf(document, entry, location.origin)} />
        <ExampleAnswer document={document} entry={entry} />
      </div>
    </article>
  );
}

/** The summary of a handler's doc comment is often just its route. */
function saysOnlyItsName(summary: string, entry: Entry): boolean {
  return (
    plain(summary).toLowerCase().startsWith(`${entry.method} ${entry.path}`.toLowerCase()) && !summary.includes(':')
  );
}

function Parameters({ title, parameters }: { title: string; parameters: Parameter[] | undefined }) {
  if (!parameters?.length) return null;
  return (
    <section>
      <h4>{title}</h4>
      <dl class="fields">
        {parameters.map((parameter) => (
          <div class="field" key={parameter.name}>
            <dt>
              <code class="field-name">{parameter.name}</code>
              <code class="field-type">{parameter.schema ? typeName(parameter.schema) : 'string'}</code>
              {parameter.required && <span class="required">required</span>}
            </dt>
            <dd>{plain(parameter.description ?? parameter.schema?.description ?? '')}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

type AnswerBody = Entry['operation']['responses'][string];

function Answer({ document, status, answer }: { document: OpenApi; status: string; answer: AnswerBody }) {
  const schema = Object.values(answer.content ?? {})[0]?.schema;
  const head = (
    <>
      <span class={`status s${status.charAt(0)}`}>{status}</span>
      {answer.description ? plain(answer.description) : schema ? typeName(schema) : ''}
    </>
  );
  if (!schema) return <p class="answer">{head}</p>;
  return (
    <Fold class="answer" head={head}>
      {() => <SchemaView document={document} schema={schema} />}
    </Fold>
  );
}

function ExampleAnswer({ document, entry }: { document: OpenApi; entry: Entry }) {
  const [status, answer] = Object.entries(entry.operation.responses).find(([code]) => code.startsWith('2')) ?? [];
  const content = answer?.content?.['application/json'];
  if (!status || !content?.schema) return null;
  const example = content.example ?? exampleOf(document, content.schema);
  return <Code title={`Answer ${status}`} text={JSON.stringify(example, null, 2)} />;
}

export function Code({ title, text }: { title: string; text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), 1500);
    } catch {
      // Without the permission the text can still be marked by hand.
    }
  };
  return (
    <figure class="code">
      <figcaption>
        {title}
        <button type="button" onClick={() => void copy()}>
          {copied ? 'Copied' : 'Copy'}
        </button>
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard. */}
      <pre tabIndex={0}>{text}</pre>
    </figure>
  );
}
