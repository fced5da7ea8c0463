import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Decision, Replay } from '../../../shared/learning';
import type { Analysis } from '../../../shared/wire';
import { getDecision, replayDecision } from '../api/learning';
import { fullTime } from '../state/clock';
import { words } from '../state/labels';
import { Loaded } from '../state/loaded';
import { reasonOf } from '../state/reason-of';
import type { Thread } from '../state/thread';
import { Icon } from './icon';
import { percent } from './mood';

const HANDLING = {
  automatic: 'sure enough to act on',
  suggested: 'a suggestion',
  person: 'a person decides',
} as const;

/** By what and when it was decided, and whether the same would be decided again. */
export function Decided(props: { thread: Thread; messageId: string; analysis: Analysis; loaded: LoadedDecision }) {
  const { thread, messageId, analysis } = props;
  const { decision, failed, retry } = props.loaded;
  const { model, confidence, handling, elapsed_ms: elapsed } = analysis;
  const history = decision?.inputs.history.length;
  return (
    <section class="card" aria-labelledby="decided-title">
      <h4 id="decided-title">Decision</h4>
      <dl class="facts">
        <div>
          <dt>Sure as a whole</dt>
          <dd>
            {percent(confidence)}
            {handling && `, ${HANDLING[handling]}`}
          </dd>
        </div>
        <div>
          <dt>Model</dt>
          <dd>
            <code>
              {model.id} {model.version}
            </code>
          </dd>
        </div>
        {decision?.inputs.own_intents_version != null && (
          <div>
            <dt>Own intents</dt>
            <dd>version {decision.inputs.own_intents_version}</dd>
          </div>
        )}
        {history !== undefined && (
          <div>
            <dt>Looked at</dt>
            <dd>{history === 0 ? 'this message' : `this and ${history} earlier`}</dd>
          </div>
        )}
        <div>
          <dt>Took</dt>
          <dd>{elapsed.toFixed(1)} ms</dd>
        </div>
        {decision && (
          <div>
            <dt>Decided</dt>
            <dd>{fullTime(decision.decided_at)}</dd>
          </div>
        )}
      </dl>
      {failed && (
        <p class="decided-failed" role="alert">
          What it looked at, and what was said of it before, could not be loaded.
          <button
            type="button"
            class="button"
            onClick={(event) => {
              event.currentTarget.closest<HTMLElement>('[tabindex="-1"]')?.focus();
              retry();
            }}
          >
            Try again
          </button>
        </p>
      )}
      <ReplayButton thread={thread} messageId={messageId} />
    </section>
  );
}

/** The decision of a message: null until it is here. */
export interface LoadedDecision {
  decision: Decision | null;
  failed: boolean;
  retry: () => void;
}

/** Also brings the feedback that the socket has not told of yet. */
export function useDecision(thread: Thread, messageId: string): LoadedDecision {
  const loaded = useMemo(() => new Loaded<Decision>(), [thread, messageId]);
  const load = () =>
    void loaded.load(async () => {
      const view = await getDecision(thread.id, messageId);
      for (const feedback of view.feedback) thread.feedbacks.hear(messageId, feedback);
      return view.decision;
    });
  useEffect(load, [loaded]);
  return { decision: loaded.value.value, failed: loaded.state.value === 'failed', retry: load };
}

type Outcome = 'none' | 'running' | Replay | { failed: string };

function ReplayButton({ thread, messageId }: { thread: Thread; messageId: string }) {
  const [outcome, setOutcome] = useState<Outcome>('none');
  const run = async () => {
    if (outcome === 'running') return;
    setOutcome('running');
    try {
      setOutcome(await replayDecision(thread.id, messageId));
    } catch (error) {
      setOutcome({ failed: reasonOf(error, 'It could not be decided again.') });
    }
  };
  return (
    <div class="replay">
      <button type="button" class="button" aria-disabled={outcome === 'running'} onClick={() => void run()}>
        <Icon name="retry" />
        {outcome === 'running' ? 'Deciding again…' : 'Replay'}
      </button>
      <div role="status">
        {typeof outcome === 'object' &&
          ('failed' in outcome ? <p class="bad">{outcome.failed}</p> : <Result replay={outcome} />)}
      </div>
    </div>
  );
}

function Result({ replay }: { replay: Replay }) {
  if (replay.same) {
    return (
      <p class="replay-same">
        <Icon name="check" />
        Same result, in {replay.elapsed_ms.toFixed(1)} ms
      </p>
    );
  }
  const { differences, model_changed: changed, replayed_by: by } = replay;
  return (
    <>
      <p>
        {differences.length === 1 ? 'One value differs' : `${differences.length} values differ`}
        {changed ? `: ${by.id} ${by.version} decides now` : ''}
      </p>
      <table class="differences">
        <thead>
          <tr>
            <th scope="col">Value</th>
            <th scope="col">Then</th>
            <th scope="col">Now</th>
          </tr>
        </thead>
        <tbody>
          {differences.slice(0, MOST_SHOWN).map(({ pointer, decided, replayed }) => (
            <tr key={pointer}>
              <th scope="row">{pathWords(pointer)}</th>
              <td>{valueText(decided)}</td>
              <td>{valueText(replayed)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {differences.length > MOST_SHOWN && <p>and {differences.length - MOST_SHOWN} more</p>}
    </>
  );
}

const MOST_SHOWN = 8;

/** `Sentiment › score` of `/sentiment/score`. */
function pathWords(pointer: string): string {
  return words(pointer.split('/').filter(Boolean).join(' › '));
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'number') return String(Math.round(value * 1000) / 1000);
  return typeof value === 'string' ? value : JSON.stringify(value);
}
