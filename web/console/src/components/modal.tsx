import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** A question or a fact that everything else waits for. It is open as long as it is drawn, and then the focus goes back. */
export function Modal(props: { title: string; onCancel: () => void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current;
    const opener = document.activeElement;
    shown?.showModal();
    return () => {
      shown?.close();
      // A dialog that is taken out of the page gives no focus back by itself.
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class="help modal"
      aria-labelledby="modal-title"
      onCancel={(event) => {
        event.preventDefault();
        props.onCancel();
      }}
    >
      <div class="help-body">
        <h2 id="modal-title">{props.title}</h2>
        {props.children}
      </div>
    </dialog>
  );
}
