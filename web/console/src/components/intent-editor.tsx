import { useEffect, useRef, useState } from 'preact/hooks';
import { MAX_EXAMPLE_LENGTH, MAX_EXAMPLES, readExamples } from '../state/examples';
import { change, draftUnsaved, edited, startEditing, stopEditing } from '../state/intent-draft';
import { MIN_EXAMPLES, mayManageIntents, removeIntent, saveIntent } from '../state/own-intents';
import { reasonOf } from '../state/reason-of';
import { toast } from '../state/toasts';
import { Ask } from './ask';
import { Icon } from './icon';
import { PageSkeleton } from './page';
import { Failed } from './states';

/** The form of one intent: its name, and its examples, one per line. */
export function IntentEditor() {
  const draft = edited.value;
  const nameInput = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const [asking, setAsking] = useState(false);
  const ready = draft?.state === 'ready';
  useEffect(() => {
    if (ready) nameInput.current?.focus();
  }, [ready]);
  if (!draft) return null;

  const { key, intent, name, text } = draft;
  const may = mayManageIntents.value;
  const read = readExamples(text);
  const problem = problemOf(name, read);
  const title = intent ? (may ? 'Change the intent' : intent.name) : 'New intent';

  const leave = () => {
    if (draftUnsaved.value) setAsking(true);
    else stopEditing(key);
  };

  const save = async () => {
    // Enter submits a form whose fields may only be read, too.
    if (busy || !may) return;
    if (problem) {
      setError(problem);
      return;
    }
    setBusy(true);
    setError('');
    setAsking(false);
    try {
      const id = await saveIntent(intent?.id ?? null, name.trim(), read.examples);
      const dropped = read.nRepeated > 0 ? ` ${counted(read.nRepeated, 'repeat')} dropped.` : '';
      toast(`“${name.trim()}” is saved with ${counted(read.examples.length, 'example')}.${dropped}`);
      stopEditing(key, id);
    } catch (failure) {
      setError(reasonOf(failure, 'It could not be saved. Please try again.'));
      setBusy(false);
    }
  };

  return (
    <section
      class="card list-card"
      aria-labelledby="editor-title"
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || event.isComposing) return;
        event.preventDefault();
        leave();
      }}
    >
      <header class="card-head">
        <button type="button" class="button ghost icon-only" aria-label="Back to the intents" onClick={leave}>
          <Icon name="back" />
        </button>
        <h3 id="editor-title">{title}</h3>
        {intent && may && (
          <button
            type="button"
            class="button ghost danger"
            onClick={() => {
              stopEditing(key);
              removeIntent(intent);
            }}
          >
            <Icon name="trash" />
            Delete
          </button>
        )}
      </header>
      {draft.state === 'loading' && <PageSkeleton what="the examples" />}
      {draft.state === 'failed' && intent && (
        <Failed
          title="The examples could not be loaded"
          detail="Nothing is lost. Please try again."
          onRetry={() => void startEditing(intent)}
        />
      )}
      {ready && (
        <form
          class="editor"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            void save();
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
            // The form would be submitted as well.
            event.preventDefault();
            void save();
          }}
        >
          <label>
            <span>Name</span>
            <input
              ref={nameInput}
              value={name}
              maxLength={60}
              readOnly={!may || busy}
              autocomplete="off"
              placeholder="Arrived damaged"
              aria-invalid={error !== ''}
              aria-describedby={error ? 'editor-error' : undefined}
              onInput={(event) => change(key, { name: event.currentTarget.value })}
            />
          </label>
          <label>
            <span>Examples, one per line</span>
            <textarea
              rows={12}
              value={text}
              readOnly={!may || busy}
              spellcheck
              placeholder={'The jacket came with a broken zip\nThere is a crack in the vase you sent\n…'}
              aria-describedby="editor-count"
              onInput={(event) => change(key, { text: event.currentTarget.value })}
            />
          </label>
          <ExampleCount {...read} nCorrections={intent?.n_corrections ?? 0} />
          <div role="alert">
            {error && (
              <p class="form-error" id="editor-error">
                <Icon name="alert" />
                {error}
              </p>
            )}
          </div>
          {asking && draftUnsaved.value && (
            <Ask
              question="What you changed is not saved."
              stay="Keep editing"
              go="Discard changes"
              onStay={() => setAsking(false)}
              onGo={() => stopEditing(key)}
            />
          )}
          {may && (
            <div class="editor-actions">
              <button type="button" class="button" onClick={leave}>
                Cancel
              </button>
              <button type="submit" class="button primary" disabled={busy}>
                {busy ? 'Saving…' : 'Save'}
              </button>
            </div>
          )}
        </form>
      )}
    </section>
  );
}

function ExampleCount(props: ReturnType<typeof readExamples> & { nCorrections: number }) {
  const { examples, nRepeated, nTooLong, nCorrections } = props;
  const n = examples.length;
  const rows = n + nCorrections;
  return (
    <div class="example-count">
      <meter min={0} max={MIN_EXAMPLES} value={Math.min(rows, MIN_EXAMPLES)} aria-label="Examples on the way to ten" />
      <p id="editor-count" role="status">
        {rows < MIN_EXAMPLES ? `${rows} of ${MIN_EXAMPLES}` : counted(n, 'example')}
        {nCorrections > 0 &&
          `, ${counted(nCorrections, 'correction')} by agents ${rows < MIN_EXAMPLES ? 'included' : 'beside'}`}
        {nRepeated > 0 && <span class="warn"> · {counted(nRepeated, 'repeat')} will be dropped</span>}
        {nTooLong > 0 && (
          <span class="warn">
            {' '}
            · {counted(nTooLong, 'line')} longer than {MAX_EXAMPLE_LENGTH} characters
          </span>
        )}
        {n > MAX_EXAMPLES && <span class="warn"> · {MAX_EXAMPLES} at most</span>}
      </p>
    </div>
  );
}

/** What stands in the way of saving. Fewer than ten examples do not: they can follow. */
function problemOf(name: string, { examples, nTooLong }: ReturnType<typeof readExamples>): string {
  if ([...name.trim()].length < 2) return 'Please give it a name of at least two characters.';
  if (examples.length === 0) return 'Please give at least one example.';
  if (nTooLong > 0) return `Please shorten what is longer than ${MAX_EXAMPLE_LENGTH} characters.`;
  if (examples.length > MAX_EXAMPLES) return `An intent holds ${MAX_EXAMPLES} examples at most.`;
  return '';
}

function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
