import type { ComponentChildren } from 'preact';
import type { ModelCard } from '../../../shared/learning';
import { type ModelScore, scoreGroups } from '../state/model-scores';

/** The built-in model as its manifest describes it. */
export function ModelFacts({ model }: { model: ModelCard }) {
  const bytes = bytesOf(model.files);
  const licences = namesOf(model.data);
  const parents = namesOf(model.parents);
  return (
    <section class="card" aria-labelledby={`model-${model.id}`}>
      <h3 id={`model-${model.id}`}>Built-in model</h3>
      <dl class="facts">
        <Fact name="Name">
          <code>{model.id}</code>
        </Fact>
        <Fact name="Version">{model.version}</Fact>
        {model.date && <Fact name="Date">{model.date}</Fact>}
        {bytes > 0 && <Fact name="Size">{(bytes / 1e6).toFixed(1)} MB</Fact>}
        {parents.length > 0 && <Fact name="Made from">{parents.join(', ')}</Fact>}
      </dl>
      {scoreGroups(model).map(({ part, scores }) => (
        <Scores key={part} title={part || 'Scores'} scores={scores} />
      ))}
      {licences.length > 0 && <p class="card-foot">Trained on {licences.join(', ')}.</p>}
    </section>
  );
}

function Scores({ title, scores }: { title: string; scores: ModelScore[] }) {
  return (
    <>
      <h4>{title}</h4>
      <ul class="scores">
        {scores.map(({ set, measure, value, rows }) => (
          <li key={`${set} ${measure}`}>
            <span>
              {set}
              <span class="score-measure">
                {measure}
                {rows !== undefined && `, ${rows.toLocaleString('en')} texts`}
              </span>
            </span>
            <span class="score-value">{value.toFixed(3)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

// The manifest grows with the models: what is read of it here is read with care, and what is not understood is not shown.

function bytesOf(files: unknown): number {
  return valuesOf(files).reduce<number>((sum, file) => sum + numberIn(file, 'bytes'), 0);
}

function namesOf(list: unknown): string[] {
  return valuesOf(list)
    .map((item) => fieldOf(item, 'name'))
    .filter((name): name is string => typeof name === 'string');
}

function valuesOf(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function numberIn(value: unknown, key: string): number {
  const number = fieldOf(value, key);
  return typeof number === 'number' && Number.isFinite(number) ? number : 0;
}
