import { useId, useLayoutEffect, useRef } from 'preact/hooks';

interface Props {
  question: string;
  /** The answer that changes nothing: it has the focus, and Escape gives it too. */
  stay: string;
  go: string;
  onStay: () => void;
  onGo: () => void;
}

/** A question where it arises, in place of a dialog over the page. Staying gives the focus back to what had it. */
export function Ask({ question, stay, go, onStay, onGo }: Props) {
  const id = useId();
  const first = useRef<HTMLButtonElement>(null);
  const before = useRef<Element | null>(null);
  useLayoutEffect(() => {
    before.current = document.activeElement;
    first.current?.focus();
  }, []);
  const keep = () => {
    onStay();
    if (before.current instanceof HTMLElement && before.current.isConnected) before.current.focus();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for the fields of a form, and this may stand within one.
    <div
      class="ask"
      role="group"
      aria-labelledby={id}
      onKeyDown={(event) => {
        // No other key may reach a form around it.
        event.stopPropagation();
        if (event.key !== 'Escape') return;
        event.preventDefault();
        keep();
      }}
    >
      <p id={id}>{question}</p>
      <div class="ask-answers">
        <button type="button" class="button" ref={first} aria-describedby={id} onClick={keep}>
          {stay}
        </button>
        <button type="button" class="button danger" aria-describedby={id} onClick={onGo}>
          {go}
        </button>
      </div>
    </div>
  );
}
