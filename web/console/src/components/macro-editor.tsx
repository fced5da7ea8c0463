import { useEffect, useRef, useState } from 'preact/hooks';
import type { Macro } from '../../../shared/macros';
import type { Channel } from '../../../shared/wire';
import { CATEGORIES, categoryName, INTENTS, intentName } from '../state/labels';
import {
  changeMacroDraft,
  dropMacroDraft,
  isMacroUnsaved,
  type MacroDraft,
  saveMacroDraft,
} from '../state/macro-draft';
import { MAX_MACRO_TITLE, macroProblem, piecesOf, VARIABLES } from '../state/macro-text';
import { mayManageMacros, removeMacro } from '../state/macros';
import { loadOwnIntents, ownIntentName, ownIntents } from '../state/own-intents';
import { reasonOf } from '../state/reason-of';
import { pageHref } from '../state/router';
import { toast } from '../state/toasts';
import { LanguageOptions } from './article-list';
import { Ask } from './ask';
import { CheckList } from './check-list';
import { Icon } from './icon';

const CHANNELS: (readonly [Channel, string])[] = [
  ['widget', 'Chat on your website'],
  ['zendesk', 'Zendesk'],
];

/** The form of one macro, with what a customer would read beside it. */
export function MacroEditor({ draft, macro }: { draft: MacroDraft; macro: Macro | null }) {
  const { key } = draft;
  const titleInput = useRef<HTMLInputElement>(null);
  const textInput = useRef<HTMLTextAreaElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const [asking, setAsking] = useState(false);
  const may = mayManageMacros.value;
  const unsaved = isMacroUnsaved(draft);
  useEffect(() => {
    if (may) titleInput.current?.focus();
    if (ownIntents.value === null) void loadOwnIntents();
  }, []);
  const change = (part: Partial<MacroDraft>) => changeMacroDraft(key, part);

  const close = () => {
    dropMacroDraft(key);
    location.hash = pageHref('macros');
  };
  const leave = () => {
    if (unsaved) setAsking(true);
    else close();
  };
  const save = async () => {
    if (busy || !may) return;
    const problem = macroProblem(draft);
    setError(problem);
    if (problem) return;
    setBusy(true);
    try {
      await saveMacroDraft(key);
      toast(`“${draft.title.trim()}” is saved`);
      location.hash = pageHref('macros');
    } catch (failure) {
      setError(reasonOf(failure, 'It could not be saved. Please try again.'));
      setBusy(false);
    }
  };
  /** Where the cursor stands, which goes behind it. */
  const insert = (variable: string) => {
    const element = textInput.current;
    const from = element?.selectionStart ?? draft.text.length;
    const to = element?.selectionEnd ?? from;
    const added = `{{${variable}}}`;
    change({ text: draft.text.slice(0, from) + added + draft.text.slice(to) });
    requestAnimationFrame(() => {
      element?.focus();
      element?.setSelectionRange(from + added.length, from + added.length);
    });
  };

  return (
    <form
      class="macro-editor"
      aria-label="Macro"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
      onKeyDown={(event) => {
        const saves = event.key.toLowerCase() === 's' || event.key === 'Enter';
        if (!saves || event.altKey || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        void save();
      }}
    >
      <div class="article-bar">
        <button type="button" class="button ghost" onClick={leave}>
          <Icon name="back" />
          All macros
        </button>
        <span class="article-standing">
          <span class="intent-counts">{unsaved ? 'Not saved' : ''}</span>
        </span>
        {may && macro && (
          <button
            type="button"
            class="button ghost danger"
            onClick={() => {
              close();
              removeMacro(macro);
            }}
          >
            <Icon name="trash" />
            Delete
          </button>
        )}
        {may && (
          <button type="submit" class="button primary" aria-keyshortcuts="Control+S Meta+S" disabled={busy}>
            {busy ? 'Saving…' : 'Save'}
          </button>
        )}
      </div>
      {asking && unsaved && (
        <Ask
          question="What you changed is not saved."
          stay="Keep editing"
          go="Discard changes"
          onStay={() => setAsking(false)}
          onGo={close}
        />
      )}
      <div role="alert">
        {error && (
          <p class="form-error" id="macro-error">
            <Icon name="alert" />
            {error}
          </p>
        )}
      </div>
      <div class="article-columns">
        <section class="card editor" aria-label="What it says">
          <label>
            <span>Title, for your team alone</span>
            <input
              ref={titleInput}
              value={draft.title}
              maxLength={MAX_MACRO_TITLE}
              readOnly={!may}
              autocomplete="off"
              placeholder="Where is my parcel"
              aria-invalid={error !== '' && draft.title.trim() === ''}
              aria-describedby={error ? 'macro-error' : undefined}
              onInput={(event) => change({ title: event.currentTarget.value })}
            />
          </label>
          <label>
            <span>Text</span>
            <textarea
              ref={textInput}
              rows={10}
              value={draft.text}
              readOnly={!may}
              spellcheck
              dir="auto"
              placeholder={'Dear {{customer.name}},\n\nyour order {{order.number}} is on its way …'}
              onInput={(event) => change({ text: event.currentTarget.value })}
            />
          </label>
          {may && (
            // biome-ignore lint/a11y/useSemanticElements: these are buttons, not fields.
            <div class="variables" role="group" aria-label="Put a variable where the cursor stands">
              {VARIABLES.map(({ name, label }) => (
                <button key={name} type="button" class="button" onClick={() => insert(name)}>
                  <Icon name="plus" />
                  {label}
                </button>
              ))}
            </div>
          )}
        </section>
        <div>
          <Preview text={draft.text} />
          <section class="card editor macro-fits" aria-label="What it is for">
            <label>
              <span>Language</span>
              <select
                value={draft.language}
                disabled={!may}
                onChange={(event) => change({ language: event.currentTarget.value })}
              >
                <option value="">Any</option>
                <LanguageOptions also={draft.language || undefined} />
              </select>
            </label>
            <fieldset class="macro-lists" disabled={!may}>
              <legend class="visually-hidden">What it is for</legend>
              <CheckList
                legend="Channels; none for all"
                options={CHANNELS}
                chosen={new Set(draft.channels)}
                onChange={(chosen) => change({ channels: [...chosen] })}
              />
              <CheckList
                legend="Intents that it answers"
                options={intentOptions(draft.intents)}
                chosen={new Set(draft.intents)}
                onChange={(chosen) => change({ intents: [...chosen] })}
              />
              <CheckList
                legend="Categories that it is for"
                options={withKnown(CATEGORIES, draft.categories).map((code) => [code, categoryName(code)] as const)}
                chosen={new Set(draft.categories)}
                onChange={(chosen) => change({ categories: [...chosen] })}
              />
            </fieldset>
          </section>
        </div>
      </div>
    </form>
  );
}

/** The account's own ones first, by their ids. */
function intentOptions(chosen: string[]): (readonly [string, string])[] {
  const own = (ownIntents.value ?? []).map(({ id }) => id);
  const others = withKnown(INTENTS, chosen).filter((code) => !own.includes(code));
  return [
    ...own.map((id) => [id, `${ownIntentName(id)} (yours)`] as const),
    ...others.map((code) => [code, code.startsWith('int_') ? ownIntentName(code) : intentName(code)] as const),
  ];
}

function withKnown(listed: readonly string[], chosen: string[]): string[] {
  return [...listed, ...chosen.filter((code) => !listed.includes(code))];
}

function Preview({ text }: { text: string }) {
  return (
    <section class="card" aria-labelledby="macro-preview">
      <h3 id="macro-preview">What a customer would read</h3>
      {text.trim() === '' ? (
        <p class="card-empty">With the variables filled, as an example.</p>
      ) : (
        <p class="macro-preview bubble" dir="auto">
          {piecesOf(text).map((piece, at) =>
            piece.variable === undefined ? (
              piece.text
            ) : (
              <mark key={at} class={piece.isKnown ? 'because' : 'unknown'} title={piece.variable}>
                {piece.text}
              </mark>
            ),
          )}
        </p>
      )}
    </section>
  );
}
