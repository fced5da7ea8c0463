import { useEffect, useRef, useState } from 'preact/hooks';
import type { Category } from '../../../shared/articles';
import {
  categories,
  categoriesOpen,
  loadCategories,
  mayManageKnowledge,
  removeCategory,
  saveCategory,
} from '../state/articles';
import { reasonOf } from '../state/reason-of';
import { Ask } from './ask';
import { Icon } from './icon';
import { Modal } from './modal';
import { PageSkeleton } from './page';

/** The headings that articles stand under. */
export function CategoryDialog() {
  const [name, setName] = useState('');
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => void loadCategories(), []);
  const close = () => {
    categoriesOpen.value = false;
  };
  /** Answers whether it was taken. */
  const attempt = async (act: () => Promise<void>): Promise<boolean> => {
    setBusy(true);
    setError('');
    try {
      await act();
      return true;
    } catch (failure) {
      setError(reasonOf(failure, 'Nothing was changed. Please try again.'));
      return false;
    } finally {
      setBusy(false);
    }
  };
  const list = categories.value.value;
  return (
    <Modal title="Categories" onCancel={close}>
      {!list ? (
        <PageSkeleton what="the categories" />
      ) : list.length === 0 ? (
        <p>No category yet. With a few dozen articles they help to find one.</p>
      ) : (
        <ul class="categories">
          {list.map((category) => (
            <Row key={category.id} category={category} attempt={attempt} />
          ))}
        </ul>
      )}
      <form
        class="editor category-new"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (busy || name.trim() === '') return;
          void attempt(() => saveCategory(null, name.trim())).then((taken) => {
            if (taken) setName('');
            input.current?.focus();
          });
        }}
      >
        {mayManageKnowledge.value && (
          <label>
            <span>New category</span>
            <span class="field-with-button">
              <input
                ref={input}
                value={name}
                maxLength={80}
                autocomplete="off"
                placeholder="Returns and refunds"
                aria-describedby={error ? 'category-error' : undefined}
                aria-invalid={error !== ''}
                onInput={(event) => setName(event.currentTarget.value)}
              />
              <button type="submit" class="button" disabled={busy || name.trim() === ''}>
                Add
              </button>
            </span>
          </label>
        )}
        <div role="alert">
          {error && (
            <p class="form-error" id="category-error">
              <Icon name="alert" />
              {error}
            </p>
          )}
        </div>
        <div class="editor-actions">
          <button type="button" class="button" onClick={close}>
            Done
          </button>
        </div>
      </form>
    </Modal>
  );
}

function Row({ category, attempt }: { category: Category; attempt: (act: () => Promise<void>) => Promise<boolean> }) {
  const [name, setName] = useState<string | null>(null);
  const [asking, setAsking] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const isRenaming = name !== null;
  useEffect(() => {
    if (isRenaming) input.current?.select();
  }, [isRenaming]);
  const rename = () => {
    if (name === null || name.trim() === '' || name.trim() === category.name) return setName(null);
    void attempt(() => saveCategory(category.id, name.trim())).then((taken) => taken && setName(null));
  };
  return (
    <li class="category">
      <span class="category-line">
        {isRenaming ? (
          <form
            class="field-with-button"
            onSubmit={(event) => {
              event.preventDefault();
              rename();
            }}
          >
            <input
              ref={input}
              aria-label={`New name of ${category.name}`}
              value={name}
              maxLength={80}
              onInput={(event) => setName(event.currentTarget.value)}
              onKeyDown={(event) => {
                if (event.key !== 'Escape') return;
                // The dialog stays.
                event.preventDefault();
                event.stopPropagation();
                setName(null);
              }}
            />
            <button type="submit" class="button">
              Rename
            </button>
          </form>
        ) : (
          <>
            <span class="key-name">{category.name}</span>
            <span class="intent-counts">
              {category.n_articles === 1 ? '1 article' : `${category.n_articles} articles`}
            </span>
          </>
        )}
        {mayManageKnowledge.value && !isRenaming && (
          <>
            <button
              type="button"
              class="button ghost icon-only"
              aria-label={`Rename ${category.name}`}
              title="Rename"
              onClick={() => setName(category.name)}
            >
              <Icon name="pencil" />
            </button>
            <button
              type="button"
              class="button ghost icon-only"
              aria-label={`Delete ${category.name}`}
              title="Delete"
              onClick={() => {
                if (category.n_articles > 0) setAsking(true);
                else void attempt(() => removeCategory(category.id));
              }}
            >
              <Icon name="trash" />
            </button>
          </>
        )}
      </span>
      {asking && (
        <Ask
          question="Its articles stay, and stand under no category then."
          stay="Keep it"
          go="Delete the category"
          onStay={() => setAsking(false)}
          onGo={() => {
            setAsking(false);
            void attempt(() => removeCategory(category.id));
          }}
        />
      )}
    </li>
  );
}
