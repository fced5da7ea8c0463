import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Modal } from './modal';

interface QuestionProps {
  title: string;
  /** What follows from it. */
  children: ComponentChildren;
  /** The way back. */
  keep: string;
  act: string;
  acting: string;
  onCancel: () => void;
  onAct: () => void;
}

/** Asks before something is done that cannot be undone. */
export function Question(props: QuestionProps) {
  const [busy, setBusy] = useState(false);
  return (
    <Modal title={props.title} onCancel={props.onCancel}>
      <p>{props.children}</p>
      <div class="editor-actions">
        <button type="button" class="button" onClick={props.onCancel}>
          {props.keep}
        </button>
        <button
          type="button"
          class="button danger"
          disabled={busy}
          onClick={() => {
            setBusy(true);
            props.onAct();
          }}
        >
          {busy ? props.acting : props.act}
        </button>
      </div>
    </Modal>
  );
}
