import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type ComposerMode, readDraft, writeDraft } from '../state/drafts';
import { COMPOSE_EVENT } from '../state/keyboard';
import type { Thread } from '../state/thread';
import { Icon } from './icon';

/** `typing.start` is said again after this, since the other side forgets it. */
const TYPING_EVERY_MS = 4_000;
const TYPING_ENDS_MS = 5_000;
/** `MAX_TEXT_BYTES` of the domain crate. */
const MAX_TEXT_BYTES = 100_000;

const MODES: { mode: ComposerMode; label: string; icon: string; key: string }[] = [
  { mode: 'reply', label: 'Reply', icon: 'reply', key: 'r' },
  { mode: 'note', label: 'Private note', icon: 'lock', key: 'n' },
];

export function Composer({ thread, name }: { thread: Thread; name: string }) {
  const [mode, setMode] = useState<ComposerMode>('reply');
  const [text, setText] = useState(() => readDraft(thread.id, 'reply'));
  const input = useRef<HTMLTextAreaElement>(null);
  const typing = useTyping(thread);

  const choose = (next: ComposerMode) => {
    typing.stop();
    setMode(next);
    setText(readDraft(thread.id, next));
    input.current?.focus();
  };

  useEffect(() => {
    const onCompose = (event: Event) => choose((event as CustomEvent<ComposerMode>).detail);
    document.addEventListener(COMPOSE_EVENT, onCompose);
    return () => document.removeEventListener(COMPOSE_EVENT, onCompose);
  });

  // Grows with its text, up to what the stylesheet allows.
  useLayoutEffect(() => {
    const element = input.current;
    if (!element) return;
    element.style.height = 'auto';
    element.style.height = `${element.scrollHeight}px`;
  }, [text, mode]);

  const change = (next: string) => {
    setText(next);
    writeDraft(thread.id, mode, next);
    // A note is nobody's business but the team's: the customer sees no "is writing".
    if (mode === 'reply' && next.trim()) typing.start();
    else typing.stop();
  };

  const closed = thread.conversation.value?.status === 'closed';
  const empty = text.trim() === '';
  const tooLong = text.length > MAX_TEXT_BYTES / 4 && new TextEncoder().encode(text).length > MAX_TEXT_BYTES;

  const send = () => {
    if (empty || tooLong) return;
    thread.outgoing.send(text.trim(), mode);
    change('');
    input.current?.focus();
  };

  return (
    <form
      class={`composer ${mode}`}
      aria-label="Answer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div class="composer-tabs" role="tablist" aria-label="Kind of message">
        {MODES.map((choice) => (
          <button
            key={choice.mode}
            type="button"
            role="tab"
            id={`tab-${choice.mode}`}
            aria-selected={mode === choice.mode}
            aria-controls="composer-panel"
            aria-keyshortcuts={choice.key}
            tabIndex={mode === choice.mode ? 0 : -1}
            onClick={() => choose(choice.mode)}
            onKeyDown={(event) => {
              if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
              event.preventDefault();
              const other = choice.mode === 'reply' ? 'note' : 'reply';
              setMode(other);
              setText(readDraft(thread.id, other));
              document.getElementById(`tab-${other}`)?.focus();
            }}
          >
            <Icon name={choice.icon} />
            {choice.label}
          </button>
        ))}
      </div>
      <div class="composer-panel" id="composer-panel" role="tabpanel" aria-labelledby={`tab-${mode}`}>
        <textarea
          ref={input}
          rows={2}
          value={text}
          aria-label={mode === 'reply' ? `Reply to ${name}` : 'Private note'}
          placeholder={mode === 'reply' ? `Reply to ${name}…` : 'A note that only your team sees…'}
          onInput={(event) => change(event.currentTarget.value)}
          onBlur={typing.stop}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
              event.preventDefault();
              send();
            }
          }}
        />
        <div class="composer-foot">
          <span class={`composer-hint ${tooLong ? 'bad' : ''}`} role={tooLong ? 'alert' : undefined}>
            {tooLong
              ? 'This is longer than 100 kB. Please shorten it.'
              : closed
                ? 'This conversation is closed; a reply still reaches the customer.'
                : ''}
          </span>
          <span class="composer-keys" aria-hidden="true">
            <kbd>{isMac() ? '⌘' : 'Ctrl'}</kbd> <kbd>Enter</kbd>
          </span>
          <button type="submit" class="button primary" disabled={empty || tooLong}>
            <Icon name={mode === 'reply' ? 'send' : 'lock'} />
            {mode === 'reply' ? 'Send' : 'Add note'}
          </button>
        </div>
      </div>
    </form>
  );
}

/** Says that we write, and stop, without a frame per key. */
function useTyping(thread: Thread) {
  const state = useRef({ said: 0, timer: 0 });
  const stop = () => {
    clearTimeout(state.current.timer);
    if (state.current.said > 0) thread.sendTyping(false);
    state.current.said = 0;
  };
  const start = () => {
    if (Date.now() - state.current.said > TYPING_EVERY_MS) {
      thread.sendTyping(true);
      state.current.said = Date.now();
    }
    clearTimeout(state.current.timer);
    state.current.timer = window.setTimeout(stop, TYPING_ENDS_MS);
  };
  useEffect(() => stop, []);
  return { start, stop };
}

function isMac(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.userAgent);
}
