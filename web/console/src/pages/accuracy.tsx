import { useEffect, useState } from 'preact/hooks';
import type { Accuracy, FieldAccuracy, Models, Tally } from '../../../shared/learning';
import { getAccuracy, getModels } from '../api/learning';
import { Icon } from '../components/icon';
import { ModelFacts } from '../components/model-facts';
import { percent } from '../components/mood';
import { Page, PageSkeleton } from '../components/page';
import { Failed } from '../components/states';
import { FIELD_NAMES, valueName } from '../state/fields';
import { Loaded } from '../state/loaded';
import { onePane } from '../state/ui';

const RANGES = [7, 30, 90];
const DAY_MS = 86_400_000;

/** How often people found the readings right, counted from what they confirmed and corrected. */
export function AccuracyPage() {
  const [days, setDays] = useState(30);
  const [accuracy] = useState(() => new Loaded<Accuracy>());
  const load = () => void accuracy.load(() => getAccuracy(new Date(Date.now() - days * DAY_MS)));
  useEffect(load, [days]);
  const state = accuracy.state.value;
  const answer = accuracy.value.value;
  return (
    <Page
      title="Accuracy"
      lead="How often the readings were right, by the word of your team."
      tools={<Range days={days} choose={setDays} />}
    >
      <div class="page-columns wide-left">
        <div>
          {answer ? (
            <Figures accuracy={answer} loading={state === 'loading'} />
          ) : state === 'failed' ? (
            <Failed
              title="The accuracy could not be loaded"
              detail="Nothing is lost. Please try again."
              onRetry={load}
            />
          ) : (
            <PageSkeleton what="the accuracy" />
          )}
        </div>
        <div>
          <BuiltIn />
        </div>
      </div>
    </Page>
  );
}

/** The figures of one range; pale while those of another are on their way. */
function Figures({ accuracy, loading }: { accuracy: Accuracy; loading: boolean }) {
  const fields = accuracy.fields.filter((field) => field.n_decisions > 0 || field.n_reviewed > 0);
  return (
    <>
      <div role="status">
        {loading && (
          <p class="loading-again">
            <progress aria-hidden="true" />
            <span class="visually-hidden">Loading the accuracy</span>
          </p>
        )}
      </div>
      <div class={loading ? 'pale' : ''} aria-busy={loading}>
        {fields.some((field) => field.n_reviewed > 0) ? <Summary fields={fields} /> : <HowTo fields={fields} />}
        {fields.map((field) => (
          <Field key={field.field} field={field} />
        ))}
      </div>
    </>
  );
}

/** What everybody's readings are made by. Another request than the figures: one may fail without the other. */
function BuiltIn() {
  const [models] = useState(() => new Loaded<Models>());
  const load = () => void models.load(getModels);
  useEffect(load, []);
  const answer = models.value.value;
  if (answer) {
    return (
      <>
        {answer.models.map((model) => (
          <ModelFacts key={`${model.id} ${model.version}`} model={model} />
        ))}
      </>
    );
  }
  return (
    <section class="card" aria-label="Built-in model">
      {models.state.value === 'failed' ? (
        <Failed title="The model could not be described" detail="The figures do not depend on it." onRetry={load} />
      ) : (
        <PageSkeleton what="the model" />
      )}
    </section>
  );
}

function Range({ days, choose }: { days: number; choose: (days: number) => void }) {
  return (
    <fieldset class="range">
      <legend class="visually-hidden">Decisions of the last</legend>
      {RANGES.map((range) => (
        <label key={range}>
          <input type="radio" name="range" checked={range === days} onChange={() => choose(range)} />
          <span>{range} days</span>
        </label>
      ))}
    </fieldset>
  );
}

/** Each message is one decision, so its fields must not be added up: what people said of them may. */
function Summary({ fields }: { fields: FieldAccuracy[] }) {
  const confirmed = sum(fields, (field) => field.n_confirmed);
  const reviewed = sum(fields, (field) => field.n_reviewed);
  const cells: [string, string][] = [
    [String(Math.max(...fields.map((field) => field.n_decisions))), 'messages read'],
    [String(reviewed), 'readings reviewed'],
    [String(reviewed - confirmed), 'corrected'],
    [reviewed > 0 ? percent(confirmed / reviewed) : '–', 'right, of the reviewed'],
  ];
  return (
    <dl class="summary">
      {cells.map(([value, name]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function HowTo({ fields }: { fields: FieldAccuracy[] }) {
  const messages = Math.max(0, ...fields.map((field) => field.n_decisions));
  return (
    <section class="card how-to" aria-labelledby="how-title">
      <h3 id="how-title">Nobody has reviewed a reading in this time</h3>
      <p>
        {messages > 0 && `${messages} messages were read. `}
        Open a customer’s message, press <kbd>w</kbd> or click its mood, and say of each line whether it is right:
      </p>
      <ol>
        <li>
          <span class="how-icon good">
            <Icon name="check" />
          </span>
          confirms it in one click,
        </li>
        <li>
          <span class="how-icon">
            <Icon name="chevron" />
          </span>
          opens what else it could be.
        </li>
      </ol>
      <p>Every click counts here at once, and what you say of own intents is trained on as well.</p>
    </section>
  );
}

function Field({ field }: { field: FieldAccuracy }) {
  const name = FIELD_NAMES[field.field] ?? field.field;
  const labels = [...field.labels].sort((a, b) => b.n_reviewed - a.n_reviewed || b.n_decisions - a.n_decisions);
  const id = `accuracy-${field.field}`;
  return (
    <section class="card" aria-labelledby={id}>
      <header class="card-head">
        <h3 id={id}>{name}</h3>
        {field.accuracy === null ? (
          <span class="zero">not reviewed</span>
        ) : (
          <span class="card-figure">{percent(field.accuracy)}</span>
        )}
      </header>
      <section
        class="table-scroll"
        aria-label={`${name}, by what was read`}
        // In a narrow window it scrolls, and must be reachable by keyboard.
        tabIndex={onePane.value ? 0 : undefined}
      >
        <table class="accuracy">
          <thead>
            <tr>
              <th scope="col">Read as</th>
              <th scope="col" class="number">
                Decisions
              </th>
              <th scope="col" class="number">
                Reviewed
              </th>
              <th scope="col" class="number confirmed">
                Confirmed
              </th>
              <th scope="col" class="number">
                Corrected
              </th>
              <th scope="col">Right</th>
            </tr>
          </thead>
          <tbody>
            {labels.map((label) => (
              <tr key={label.label}>
                <th scope="row">{valueName(field.field, label.label)}</th>
                <Counts tally={label} />
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">All</th>
              <Counts tally={field} />
            </tr>
          </tfoot>
        </table>
      </section>
      {field.confusions.length > 0 && (
        <>
          <h4>Corrected most</h4>
          <ul class="confusions">
            {field.confusions.slice(0, 5).map(({ decided, value, n }) => (
              <li key={`${decided} ${value}`}>
                <span>
                  {decided === undefined ? 'Not read' : valueName(field.field, decided)} <Icon name="flat" />
                  <span class="visually-hidden">should have been</span> {valueName(field.field, value)}
                </span>
                <span class="weight">{n}×</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Counts({ tally }: { tally: Tally }) {
  return (
    <>
      <Count n={tally.n_decisions} />
      <Count n={tally.n_reviewed} />
      <Count n={tally.n_confirmed} column="confirmed" />
      <Count n={tally.n_corrected} />
      <td class="right-share">
        {tally.accuracy === null ? (
          <span class="zero">–</span>
        ) : (
          <span class={`bar inline ${toneOf(tally.accuracy)}`}>
            <meter min={0} max={1} value={tally.accuracy} aria-label="Right" />
            <span class="bar-value">{percent(tally.accuracy)}</span>
          </span>
        )}
      </td>
    </>
  );
}

function Count({ n, column = '' }: { n: number; column?: string }) {
  return <td class={`number ${column} ${n === 0 ? 'zero' : ''}`}>{n}</td>;
}

function toneOf(accuracy: number): string {
  return accuracy >= 0.85 ? 'good' : accuracy >= 0.65 ? 'fair' : 'poor';
}

function sum<T>(items: T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
