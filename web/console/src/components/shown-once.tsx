import { CopyButton } from './copy-button';
import { Modal } from './modal';

interface ShownOnceProps {
  title: string;
  /** What it is, and what to do with it now. */
  about: string;
  /** What the field holds, for whoever cannot see it. */
  label: string;
  /** The beginning of a sentence, such as `The key`. */
  what: string;
  value: string;
  done: string;
  onDone: () => void;
}

/** The only sight of a secret. Escape does not close it: it cannot be brought back. */
export function ShownOnce({ title, about, label, what, value, done, onDone }: ShownOnceProps) {
  return (
    <Modal title={title} onCancel={() => undefined}>
      <p>{about}</p>
      <div class="new-key">
        <input
          aria-label={label}
          readOnly
          spellcheck={false}
          value={value}
          onFocus={(event) => event.currentTarget.select()}
        />
        <CopyButton text={value} what={what} />
      </div>
      <div class="editor-actions">
        <button type="button" class="button primary" onClick={onDone}>
          {done}
        </button>
      </div>
    </Modal>
  );
}
