import { useEffect, useRef, useState } from 'preact/hooks';
import type { Macro } from '../../../shared/macros';
import { fillMacro } from '../api/macros';
import { loadMacros, macros } from '../state/macros';
import { reasonOf } from '../state/reason-of';
import { insert } from '../state/suggestions';
import { Icon } from './icon';
import { Modal } from './modal';
import { PageSkeleton } from './page';

/** Any macro, filled for this conversation and put where one writes. */
export function MacroPicker({ conversationId, close }: { conversationId: string; close: () => void }) {
  const [query, setQuery] = useState('');
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const filled = useRef('');
  /** Enter was pressed before the macros were here. */
  const isWanted = useRef(false);
  useEffect(() => {
    void loadMacros();
    input.current?.focus();
    return () => {
      // Not before: what is under an open dialog takes no focus.
      if (filled.current) insert({ text: filled.current });
    };
  }, []);
  const loaded = macros.value.value;
  const list = matching(loaded ?? [], query);
  const use = async (macro: Macro) => {
    if (busy) return;
    setBusy(true);
    setError('');
    try {
      filled.current = await fillMacro(macro.id, conversationId);
      close();
    } catch (failure) {
      setError(`“${macro.title}” cannot be filled. ${reasonOf(failure, 'Please try again.')}`);
      setBusy(false);
    }
  };
  /** By the words as they stand in the field: this may run before what was typed last is drawn. */
  const useFirst = (typed: string) => {
    isWanted.current = !macros.value.value;
    const [first] = matching(macros.value.value ?? [], typed);
    if (first) void use(first);
  };
  useEffect(() => {
    if (loaded && isWanted.current && input.current) useFirst(input.current.value);
  }, [loaded]);
  return (
    <Modal title="Use a macro" onCancel={close}>
      <div class="search">
        <Icon name="search" />
        <input
          ref={input}
          type="search"
          aria-label="Search the macros"
          placeholder="Words of it…"
          value={query}
          onInput={(event) => {
            isWanted.current = false;
            setQuery(event.currentTarget.value);
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            // It stands within the form of the answer.
            event.preventDefault();
            useFirst(event.currentTarget.value);
          }}
        />
      </div>
      <div role="alert">
        {error && (
          <p class="form-error">
            <Icon name="alert" />
            {error}
          </p>
        )}
      </div>
      {!loaded ? (
        macros.state.value === 'failed' ? (
          <p class="card-empty">The macros could not be loaded. Please close this and try again.</p>
        ) : (
          <PageSkeleton what="the macros" />
        )
      ) : list.length === 0 ? (
        <p class="card-empty" role="status">
          {query.trim() ? 'No macro has these words.' : 'There is no macro yet.'}
        </p>
      ) : (
        <ul class="macro-choice" aria-busy={busy}>
          {list.map((macro) => (
            <li key={macro.id}>
              <button type="button" class="citation" onClick={() => void use(macro)}>
                <span class="citation-title">{macro.title}</span>
                <span class="citation-quote clamped">{macro.text}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      <div class="editor-actions">
        <button type="button" class="button" onClick={close}>
          Cancel
        </button>
      </div>
    </Modal>
  );
}

/** Those that have the words in their title or text. */
function matching(list: Macro[], query: string): Macro[] {
  const words = query.trim().toLowerCase();
  return list.filter(({ title, text }) => `${title}\n${text}`.toLowerCase().includes(words));
}
