import type { IntentsVersion, OwnIntent } from '../../../shared/learning';
import { leftOut } from '../state/left-out';
import {
  figuresInUse,
  intentsState,
  intentVersions,
  MIN_EXAMPLES,
  MIN_INTENTS,
  mayManageIntents,
  report,
  rowsOf,
  train,
  training,
  versionInUse,
} from '../state/own-intents';
import { Bar } from './bar';
import { Icon } from './icon';
import { percent } from './mood';

/** The button that trains, what stands in its way, and what came of it. */
export function Training({ intents }: { intents: OwnIntent[] }) {
  const inUse = versionInUse.value;
  const figures = figuresInUse.value;
  const rows = intents.reduce((sum, intent) => sum + rowsOf(intent), 0);
  const blocked = blockedBy(intents);
  const needs = intentsState.value?.needs_training;
  return (
    <section class="card" aria-labelledby="training-title">
      <h3 id="training-title">Training</h3>
      <p class="training-state">
        {inUse !== null ? (
          <>
            Version {inUse} is in use
            {figures && (
              <>
                : <strong>{percent(figures.cross_validation.accuracy)}</strong> right in cross-validation
              </>
            )}
            .
          </>
        ) : intentVersions.value.length > 0 ? (
          'No version in use: messages are read without your intents.'
        ) : (
          'Nothing is trained yet. Training takes about a second.'
        )}
      </p>
      {needs && inUse !== null && !blocked && <p class="training-needs">{needs.text}</p>}
      {mayManageIntents.value && (
        <>
          <button
            type="button"
            class={`button ${needs || inUse === null ? 'primary' : ''}`}
            disabled={blocked !== ''}
            aria-disabled={training.value}
            aria-describedby={blocked ? 'training-blocked' : undefined}
            onClick={() => void train()}
          >
            <Icon name="spark" />
            {training.value ? 'Training…' : intentVersions.value.length > 0 ? 'Train again' : 'Train'}
          </button>
          {blocked && (
            <p class="card-foot" id="training-blocked">
              {blocked}
            </p>
          )}
        </>
      )}
      <div role="status">
        {training.value && (
          <div class="training-progress">
            <progress aria-label="Training" />
            <p>
              Learning from {rows} examples of {intents.length} intents, five times over to test itself…
            </p>
          </div>
        )}
        {report.value && <Report report={report.value} />}
      </div>
    </section>
  );
}

/** An intent that is named wrongly more often than this leaves room is worth a look. */
const TOO_WIDE_BELOW = 0.9;

/** What must be done first, in a sentence; empty when nothing. */
function blockedBy(intents: OwnIntent[]): string {
  if (intents.length < MIN_INTENTS) {
    return intents.length === 0
      ? 'Two intents are needed, so that there is something to tell apart.'
      : 'A second intent is needed, so that there is something to tell apart.';
  }
  const short = intents.filter((intent) => rowsOf(intent) < MIN_EXAMPLES);
  if (short.length === 0) return '';
  const named = short.slice(0, 3).map((intent) => `“${intent.name}” has ${rowsOf(intent)} of ${MIN_EXAMPLES}`);
  const more = short.length > 3 ? `, and ${short.length - 3} more` : '';
  return `Every intent needs ${MIN_EXAMPLES} examples: ${named.join(', ')}${more}.`;
}

function Report({ report }: { report: IntentsVersion }) {
  const { cross_validation: scores, previous, promoted, reason } = report;
  const labels = [...scores.labels].sort((a, b) => a.recall - b.recall);
  // Intents that draw in what belongs to others, the worst first: their examples are too wide, or the others' too few.
  const drawing = scores.labels
    .filter(({ precision, recall }) => recall > 0 && precision < TOO_WIDE_BELOW)
    .sort((a, b) => a.precision - b.precision)
    .slice(0, 5);
  const gain = previous ? scores.accuracy - previous.accuracy : null;
  return (
    <div class="report">
      <p class={`report-verdict ${promoted ? 'good' : 'poor'}`}>
        <Icon name={promoted ? 'check' : 'info'} />
        <span>
          <strong>
            {promoted ? `Version ${report.version} is in use.` : `Version ${report.version} is kept, not used.`}
          </strong>{' '}
          {reason.text}
        </span>
      </p>
      <dl class="report-figures">
        <div>
          <dt>right in {scores.folds}-fold cross-validation</dt>
          <dd>{percent(scores.accuracy)}</dd>
        </div>
        {previous && gain !== null && (
          <div>
            <dt>against version {previous.version}</dt>
            <dd>{Math.abs(gain) < 0.0005 ? '±0' : `${gain > 0 ? '+' : '−'}${(Math.abs(gain) * 100).toFixed(1)}`}</dd>
          </div>
        )}
        <div>
          <dt>{report.n_corrections > 0 ? `examples, ${report.n_corrections} from corrections` : 'examples'}</dt>
          <dd>{report.n_rows}</dd>
        </div>
        <div>
          <dt>milliseconds</dt>
          <dd>{Math.round(report.elapsed_ms)}</dd>
        </div>
      </dl>
      <h4>Recognised, of each intent’s examples</h4>
      <div class="bars">
        {labels.map(({ intent_id, name, recall }) => (
          <Bar key={intent_id} name={name} share={recall} tone={toneOf(recall)} />
        ))}
        {scores.none && (
          <Bar name="None of them, left alone" share={scores.none.recall} tone={toneOf(scores.none.recall)} />
        )}
      </div>
      {drawing.length > 0 && (
        <>
          <h4>Taken for where another was meant</h4>
          <ul class="confusions">
            {drawing.map(({ intent_id, name, precision }) => (
              <li key={intent_id}>
                <span>{name}</span>
                <span class="weight">{percent(1 - precision)} of the times</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {leftOut(report).map((sentence) => (
        <p class="card-foot" key={sentence}>
          {sentence}
        </p>
      ))}
    </div>
  );
}

function toneOf(recall: number): 'good' | 'fair' | 'poor' {
  return recall >= 0.85 ? 'good' : recall >= 0.65 ? 'fair' : 'poor';
}
