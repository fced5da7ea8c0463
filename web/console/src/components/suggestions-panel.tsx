import { useEffect, useState } from 'preact/hooks';
import type { RecommendedAction, Suggestion, SuggestionSource, SuggestionVerdict } from '../../../shared/suggestions';
import { mayWrite } from '../api/session';
import { languageName, words } from '../state/labels';
import { showSources } from '../state/sources';
import { INSERT_EVENT, type Inserted } from '../state/suggestions';
import type { Thread } from '../state/thread';
import { onePane } from '../state/ui';
import { Icon } from './icon';
import { percent } from './mood';

const SOURCES: Record<SuggestionSource, { name: string; icon: string }> = {
  macro: { name: 'Macro', icon: 'bolt' },
  template: { name: 'Template', icon: 'bolt' },
  draft: { name: 'Draft', icon: 'spark' },
};

const VERDICTS: Record<SuggestionVerdict, string> = {
  accepted: 'Sent as it was',
  edited: 'Sent, changed',
  rejected: 'Rejected',
};

const ACTIONS: Record<string, string> = {
  start_refund: 'Look at a refund',
  cancel_order: 'Cancel the order',
  change_order: 'Change the order',
  track_shipment: 'Look where the parcel is',
  restore_access: 'Help them into their account',
  check_billing: 'Look at the invoice',
  escalate: 'Escalate',
  ask_for_details: 'Ask for what is missing',
  report_fault: 'Report the fault',
  acknowledge: 'Say thanks',
};

/** What the assistant offers for the customer's last message, above where it is answered. */
export function SuggestionsPanel({ thread }: { thread: Thread }) {
  const { suggestions } = thread;
  const standing = suggestions.standing.value;
  const draft = suggestions.draft.value;
  /** What a person chose; null while nobody has. */
  const [chosen, setChosen] = useState<boolean | null>(null);
  if (standing === 'none') return null;
  // Where there is little room, and once it was answered, it is a line that can be opened.
  const isOpen = chosen ?? (standing !== 'answered' && !onePane.value);
  const n = draft?.suggestions.length ?? 0;
  return (
    <section class="suggestions" aria-label="Suggestions">
      <header class="suggestions-head">
        <button
          type="button"
          class="suggestions-toggle"
          aria-expanded={isOpen}
          aria-controls="suggestions-body"
          onClick={() => setChosen(!isOpen)}
        >
          <Icon name="spark" />
          Suggestions
          {standing !== 'writing' && n > 0 && <span class="card-count">{n}</span>}
          <Icon name="chevron" />
        </button>
        <span class="suggestions-state" role="status">
          {standing === 'writing' && (
            <>
              <span class="dots" aria-hidden="true">
                <i />
                <i />
                <i />
              </span>
              being written
            </>
          )}
          {standing === 'answered' && 'answered'}
          {standing === 'late' && n > 0 && 'for an earlier message'}
        </span>
        <button
          type="button"
          class="button ghost"
          title="Articles that fit this conversation"
          onClick={() => showSources({ citations: [] })}
        >
          <Icon name="book" />
          <span class="button-text">Articles</span>
        </button>
        {mayWrite.value && (
          <button
            type="button"
            class="button ghost"
            disabled={standing === 'writing'}
            title="Write a new one"
            onClick={() => void suggestions.ask()}
          >
            <Icon name="retry" />
            <span class="button-text">Write a new one</span>
          </button>
        )}
      </header>
      <div id="suggestions-body" hidden={!isOpen}>
        {isOpen && <Body key={draft?.draft_id} thread={thread} />}
      </div>
    </section>
  );
}

function Body({ thread }: { thread: Thread }) {
  const { suggestions } = thread;
  const draft = suggestions.draft.value;
  const standing = suggestions.standing.value;
  /** The suggestion whose whole text is shown; the best one at first, and none while one is being changed below. */
  const [shown, setShown] = useState<string | null>(null);
  useEffect(() => {
    const onInsert = (event: Event) => {
      if ((event as CustomEvent<Inserted>).detail.suggestion) setShown('');
    };
    document.addEventListener(INSERT_EVENT, onInsert);
    return () => document.removeEventListener(INSERT_EVENT, onInsert);
  }, []);
  if (suggestions.state.value === 'failed') {
    return (
      <p class="suggestions-none" role="alert">
        Suggestions could not be loaded.
        <button type="button" class="button" onClick={() => void suggestions.load()}>
          Try again
        </button>
      </p>
    );
  }
  // What is there is of an earlier message, and another is a moment away.
  if (standing === 'writing') return <p class="suggestions-none">What fits the last message is looked for.</p>;
  if (!draft) return <p class="suggestions-none">Nothing was written for the last message.</p>;
  const [first] = draft.suggestions;
  return (
    <>
      {first ? (
        <ol class="suggestion-list">
          {draft.suggestions.map((suggestion, at) => (
            <Card
              key={suggestion.id}
              thread={thread}
              suggestion={suggestion}
              number={at + 1}
              isShown={suggestion.id === (shown ?? first.id)}
              language={draft.language}
              toggle={(isShown) => setShown(isShown ? suggestion.id : '')}
            />
          ))}
        </ol>
      ) : (
        <p class="suggestions-none">Nothing fits as an answer.{draft.reasons?.[0] && ` ${draft.reasons[0].text}`}</p>
      )}
      {draft.actions && draft.actions.length > 0 && <Actions actions={draft.actions} />}
    </>
  );
}

interface CardProps {
  thread: Thread;
  suggestion: Suggestion;
  /** Its key, from 1. */
  number: number;
  isShown: boolean;
  language: string | undefined;
  toggle: (isShown: boolean) => void;
}

function Card({ thread, suggestion, number, isShown, language, toggle }: CardProps) {
  const { suggestions } = thread;
  const verdict = suggestions.verdictOf(suggestion.id);
  const { type, title, text, confidence, reason, citations = [] } = suggestion;
  const isRejected = verdict === 'rejected';
  const id = `suggestion-${suggestion.id}`;
  return (
    <li class={`suggestion ${isShown ? 'shown' : ''} ${verdict ?? ''}`}>
      <div class="suggestion-line">
        <button
          type="button"
          class="suggestion-title"
          aria-expanded={isShown}
          aria-controls={id}
          onClick={() => toggle(!isShown)}
        >
          <span class={`chip suggestion-type ${type}`}>
            <Icon name={SOURCES[type].icon} />
            {SOURCES[type].name}
          </span>
          <span class="suggestion-name">{title}</span>
          <span class="suggestion-sure" title="How likely you would send it">
            {percent(confidence)}
            <span class="visually-hidden"> likely</span>
          </span>
        </button>
        {verdict && <span class="suggestion-verdict">{VERDICTS[verdict]}</span>}
        {mayWrite.value && !isRejected && (
          <button
            type="button"
            class="button"
            aria-label={`Insert “${title}”`}
            aria-keyshortcuts={`Alt+${number}`}
            title={`Put it where you write (Alt+${number})`}
            onClick={() => suggestions.insert(suggestion)}
          >
            Insert
            <kbd>Alt {number}</kbd>
          </button>
        )}
        {mayWrite.value && (verdict === null || isRejected) && (
          <button
            type="button"
            class={isRejected ? 'button' : 'button ghost icon-only'}
            aria-label={isRejected ? `Undo the rejection of “${title}”` : `Reject “${title}”`}
            aria-keyshortcuts={`Alt+Shift+${number}`}
            title={isRejected ? `Undo (Alt+Shift+${number})` : `Reject (Alt+Shift+${number})`}
            onClick={() => void suggestions.toggleRejected(suggestion)}
          >
            {isRejected ? 'Undo' : <Icon name="close" />}
          </button>
        )}
      </div>
      <div id={id} class="suggestion-body" hidden={!isShown}>
        <p class="suggestion-text" dir="auto">
          {text}
        </p>
        <p class="suggestion-why">
          <span>{reason}</span>
          {type === 'draft' && language && <span>In {languageName(language)}.</span>}
          {citations.length > 0 && (
            <button type="button" class="suggestion-sources" onClick={() => showSources({ title, citations })}>
              <Icon name="quote" />
              {citations.length === 1 ? '1 source' : `${citations.length} sources`}
            </button>
          )}
        </p>
      </div>
    </li>
  );
}

/** Chips; one that is chosen says why. */
function Actions({ actions }: { actions: RecommendedAction[] }) {
  const [shown, setShown] = useState<string | null>(null);
  const reason = actions.find(({ action }) => action === shown)?.reason;
  return (
    <div class="actions">
      <p id="actions-title">Could be done now</p>
      <ul aria-labelledby="actions-title">
        {actions.map(({ action, confidence }) => (
          <li key={action}>
            <button
              type="button"
              class="action-chip"
              aria-pressed={action === shown}
              onClick={() => setShown(action === shown ? null : action)}
            >
              {ACTIONS[action] ?? words(action)}
              <span class="suggestion-sure">{percent(confidence)}</span>
            </button>
          </li>
        ))}
      </ul>
      <p class="action-why" role="status">
        {reason}
      </p>
    </div>
  );
}
