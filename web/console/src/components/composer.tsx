import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type ComposerMode, type Origin, readDraft, readOrigin, writeDraft, writeOrigin } from '../state/drafts';
import { COMPOSE_EVENT } from '../state/keyboard';
import { INSERT_EVENT, type Inserted } from '../state/suggestions';
import type { Thread } from '../state/thread';
import { toast } from '../state/toasts';
import { Icon } from './icon';
import { MacroPicker } from './macro-picker';
import { UploadList } from './upload-list';

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
  const picker = useRef<HTMLInputElement>(null);
  const [dropping, setDropping] = useState(false);
  /** The suggestion that the reply is made of. */
  const [origin, setOrigin] = useState(() => readOrigin(thread.id));
  const [picking, setPicking] = useState(false);
  const uploads = thread.uploads[mode];

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

  const comeFrom = (next: Origin | null) => {
    setOrigin(next);
    writeOrigin(thread.id, next);
  };

  useEffect(() => {
    const onInsert = (event: Event) => {
      const { text: added, suggestion, isAppended } = (event as CustomEvent<Inserted>).detail;
      const before = readDraft(thread.id, 'reply');
      const beforeOrigin = origin;
      const put = (next: string, from: Origin | null) => {
        setMode('reply');
        setText(next);
        writeDraft(thread.id, 'reply', next);
        comeFrom(from);
        requestAnimationFrame(() => {
          input.current?.focus();
          input.current?.setSelectionRange(next.length, next.length);
        });
      };
      const kept = isAppended && before.trim() !== '';
      put(kept ? `${before.trimEnd()}\n\n${added}` : added, kept ? origin : (suggestion ?? null));
      if (!kept && before.trim() !== '' && before !== added) {
        const undo = () => put(before, beforeOrigin);
        toast('What you had written is replaced', { action: { label: 'Undo', run: undo } });
      }
    };
    document.addEventListener(INSERT_EVENT, onInsert);
    return () => document.removeEventListener(INSERT_EVENT, onInsert);
  });

  const change = (next: string) => {
    setText(next);
    writeDraft(thread.id, mode, next);
    // Nothing is left of it.
    if (mode === 'reply' && next.trim() === '') comeFrom(null);
    // A note is nobody's business but the team's: the customer sees no "is writing".
    if (mode === 'reply' && next.trim()) typing.start();
    else typing.stop();
  };

  const closed = thread.conversation.value?.status === 'closed';
  const empty = text.trim() === '' && uploads.ready.value.length === 0;
  const busy = !uploads.settled.value;
  const tooLong = text.length > MAX_TEXT_BYTES / 4 && new TextEncoder().encode(text).length > MAX_TEXT_BYTES;

  const send = () => {
    if (empty || busy || tooLong) return;
    thread.outgoing.send(text.trim(), uploads.take(), mode, mode === 'reply' ? origin?.id : undefined);
    change('');
    input.current?.focus();
  };

  return (
    <form
      class={`composer ${mode} ${dropping ? 'dropping' : ''}`}
      aria-label="Answer"
      onDragOver={(event) => {
        if (!event.dataTransfer?.types.includes('Files')) return;
        event.preventDefault();
        setDropping(true);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setDropping(false);
      }}
      onDrop={(event) => {
        setDropping(false);
        if (!event.dataTransfer?.files.length) return;
        event.preventDefault();
        uploads.add(event.dataTransfer.files);
        input.current?.focus();
      }}
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
          onPaste={(event) => {
            if (!event.clipboardData?.files.length) return;
            event.preventDefault();
            uploads.add(event.clipboardData.files);
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
              event.preventDefault();
              send();
            }
          }}
        />
        {mode === 'reply' && origin && (
          <p class="composer-origin">
            <Icon name="spark" />
            <span>From the suggestion “{origin.title}”</span>
            <button
              type="button"
              aria-label="It is not from the suggestion"
              title="It is not from the suggestion"
              onClick={() => {
                comeFrom(null);
                input.current?.focus();
              }}
            >
              <Icon name="close" />
            </button>
          </p>
        )}
        <UploadList uploads={uploads} />
        <div class="composer-foot">
          <input
            ref={picker}
            type="file"
            multiple
            hidden
            aria-label="Files"
            onChange={(event) => {
              uploads.add(event.currentTarget.files ?? []);
              event.currentTarget.value = '';
              input.current?.focus();
            }}
          />
          <button
            type="button"
            class="icon-button"
            aria-label="Attach files"
            title="Attach files"
            onClick={() => picker.current?.click()}
          >
            <Icon name="clip" />
          </button>
          {mode === 'reply' && (
            <button
              type="button"
              class="icon-button second"
              aria-label="Use a macro"
              title="Use a macro"
              onClick={() => setPicking(true)}
            >
              <Icon name="bolt" />
            </button>
          )}
          <span class={`composer-hint ${tooLong ? 'bad' : ''}`} role={tooLong ? 'alert' : undefined}>
            {tooLong
              ? 'This is longer than 100 kB. Please shorten it.'
              : closed
                ? 'This conversation is closed; a reply still reaches the customer.'
                : busy
                  ? 'Sending waits for the files.'
                  : ''}
          </span>
          <span class="composer-keys" aria-hidden="true">
            <kbd>{isMac() ? '⌘' : 'Ctrl'}</kbd> <kbd>Enter</kbd>
          </span>
          <button type="submit" class="button primary" disabled={empty || busy || tooLong}>
            <Icon name={mode === 'reply' ? 'send' : 'lock'} />
            {mode === 'reply' ? 'Send' : 'Add note'}
          </button>
        </div>
      </div>
      {picking && <MacroPicker conversationId={thread.id} close={() => setPicking(false)} />}
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
