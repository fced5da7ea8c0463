import { useEffect } from 'preact/hooks';
import type { AssistantFigures, AssistantView } from '../../../shared/assistant';
import { mayLead } from '../api/session';
import { AssistantInboxes } from '../components/assistant-inboxes';
import { Icon } from '../components/icon';
import { percent } from '../components/mood';
import { Page, PageSkeleton } from '../components/page';
import { Failed } from '../components/states';
import { assistant, HAND_OFF_REASONS, loadAssistantPage, stopEverywhere, switching } from '../state/assistant';
import { fullTime } from '../state/clock';
import { inboxes } from '../state/inboxes';

/** Where the assistant answers customers, what came of it, and how to stop it. */
export function AssistantPage() {
  useEffect(() => void loadAssistantPage(), []);
  const view = assistant.value.value;
  const known = inboxes.value.value;
  const isFailed = assistant.state.value === 'failed' || inboxes.state.value === 'failed';
  return (
    <Page
      title="Chat assistant"
      lead="Answers customers in the chat out of your published articles, and gives them to a person when it is not sure or they ask for one."
    >
      {view && known ? (
        <>
          <StopCard view={view} />
          <AssistantInboxes inboxes={known} />
          <Figures figures={view.figures} />
        </>
      ) : isFailed ? (
        <Failed
          title="The assistant’s settings could not be loaded"
          detail="Nothing has changed. Please try again."
          onRetry={() => void loadAssistantPage()}
        />
      ) : (
        <PageSkeleton what="the assistant" />
      )}
    </Page>
  );
}

function StopCard({ view }: { view: AssistantView }) {
  const isStopped = view.stopped_at !== undefined;
  return (
    <section class="card" aria-labelledby="assistant-stop-title">
      <header class="card-head">
        <h3 id="assistant-stop-title">Everywhere</h3>
        <span class={`chip status ${isStopped ? 'escalated' : 'resolved'}`} role="status">
          {isStopped ? 'Stopped' : 'On'}
        </span>
      </header>
      <p>
        {view.stopped_at
          ? `It has said nothing since ${fullTime(view.stopped_at)}. Whoever writes goes to a person.`
          : 'Stopping it counts within five seconds in every chat. Whoever it was answering goes to a person.'}
      </p>
      {mayLead.value && (
        <div class="editor-actions">
          <button
            type="button"
            class={isStopped ? 'button primary' : 'button danger'}
            disabled={switching.value !== null}
            onClick={() => void stopEverywhere(!isStopped)}
          >
            <Icon name={isStopped ? 'check' : 'pause'} />
            {isStopped ? 'Let it answer again' : 'Stop the assistant'}
          </button>
        </div>
      )}
    </section>
  );
}

function Figures({ figures }: { figures: AssistantFigures }) {
  if (figures.n_conversations === 0) {
    return (
      <section class="card" aria-labelledby="assistant-figures-title">
        <h3 id="assistant-figures-title">The last 30 days</h3>
        <p class="card-empty">It has answered nobody yet. Turn it on in a chat, and write there yourself to try it.</p>
      </section>
    );
  }
  const cells: [string, string][] = [
    [String(figures.n_conversations), 'conversations'],
    [String(figures.n_answered), 'answered'],
    [String(figures.n_deflected), 'without a person'],
    [figures.deflection === undefined ? '–' : percent(figures.deflection), 'deflected'],
  ];
  return (
    <section class="assistant-figures" aria-labelledby="assistant-figures-title">
      <h3 id="assistant-figures-title">The last 30 days</h3>
      <dl class="summary">
        {cells.map(([value, name]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {figures.n_solved > 0 && <p class="page-note">In {figures.n_solved} of them the customer said that it helped.</p>}
      {figures.hand_offs.length > 0 && (
        <section class="card" aria-labelledby="hand-offs-title">
          <h3 id="hand-offs-title">A person went on because</h3>
          <ul class="plain-list">
            {[...figures.hand_offs]
              .sort((a, b) => b.n_conversations - a.n_conversations)
              .map(({ reason, n_conversations }) => (
                <li key={reason}>
                  <strong>{n_conversations}</strong> {HAND_OFF_REASONS[reason] ?? reason}
                </li>
              ))}
          </ul>
        </section>
      )}
    </section>
  );
}
