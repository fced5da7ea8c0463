import type { ComponentChildren } from 'preact';
import type { ModelCard } from '../../../shared/learning';

/** The built-in model as its manifest describes it. */
export function ModelFacts({ model }: { model: ModelCard }) {
  const bytes = bytesOf(model.files);
  const scores = scoresOf(model.scores);
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
      {scores.length > 0 && (
        <>
          <h4>Scores</h4>
          <ul class="scores">
            {scores.map(({ on, measure, value, rows }) => (
              <li key={`${on} ${measure}`}>
                <span>
                  {on}
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
      )}
      {licences.length > 0 && <p class="card-foot">Trained on {licences.join(', ')}.</p>}
    </section>
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

/** The first of these that a data set was measured by. */
const MEASURES: [string, string][] = [
  ['macro_recall', 'macro recall'],
  ['macro_f1', 'macro F1'],
  ['mean_macro_f1', 'mean macro F1'],
  ['accuracy', 'accuracy'],
  ['in_scope_accuracy', 'in-scope accuracy'],
  ['recall_at_1', 'recall at 1'],
];

function scoresOf(scores: unknown): { on: string; measure: string; value: number; rows?: number }[] {
  if (typeof scores !== 'object' || scores === null) return [];
  return Object.entries(scores).flatMap(([on, measured]) => {
    const measure = MEASURES.find(([key]) => Number.isFinite(fieldOf(measured, key)));
    if (!measure) return [];
    const rows = numberIn(measured, 'rows');
    return [{ on, measure: measure[1], value: numberIn(measured, measure[0]), ...(rows > 0 ? { rows } : {}) }];
  });
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
