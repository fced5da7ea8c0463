import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { reasonOf } from '../state/reason-of';
import { Icon } from './icon';

interface Props {
  label: string;
  kind: 'code' | 'password';
  /** What the button says, and while it works. */
  action: string;
  busyAction: string;
  danger?: boolean;
  /** Throws what the form shows. */
  onCode: (text: string) => Promise<void>;
  onCancel: () => void;
  children?: ComponentChildren;
}

/** A field for a code of the app, or for the password in its place. */
export function CodeForm(props: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const isCode = props.kind === 'code';
  const fail = (reason: string) => {
    setError(reason);
    setBusy(false);
    input.current?.focus();
    input.current?.select();
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    const text = input.current?.value ?? '';
    if (!text.trim()) {
      fail(isCode ? 'Please enter the six digits that your app shows.' : 'Please enter your password.');
      return;
    }
    setBusy(true);
    setError('');
    try {
      await props.onCode(isCode ? text.trim() : text);
    } catch (failure) {
      fail(wordsOf(failure, isCode));
    }
  };
  return (
    <form class="editor" noValidate onSubmit={submit}>
      <label key={props.kind}>
        <span>{props.label}</span>
        <input
          ref={input}
          class="code-input"
          name={props.kind}
          type={(isCode ? 'text' : 'password') as 'password'}
          inputMode={isCode ? 'numeric' : 'text'}
          autocomplete={isCode ? 'one-time-code' : 'current-password'}
          spellcheck={false}
          maxLength={isCode ? 16 : 1024}
          aria-describedby={error ? 'code-error' : undefined}
          aria-invalid={error !== ''}
        />
      </label>
      {props.children}
      <div role="alert">
        {error && (
          <p class="form-error" id="code-error">
            <Icon name="alert" />
            {error}
          </p>
        )}
      </div>
      <div class="editor-actions">
        <button type="button" class="button" onClick={props.onCancel}>
          Cancel
        </button>
        <button type="submit" class={`button ${props.danger ? 'danger' : 'primary'}`} disabled={busy}>
          {busy ? props.busyAction : props.action}
        </button>
      </div>
    </form>
  );
}

function wordsOf(failure: unknown, isCode: boolean): string {
  const reason = reasonOf(failure, 'It did not work. Please try again.');
  const isWrong = failure instanceof Object && 'code' in failure && failure.code === 'invalid_code';
  if (!isWrong) return reason;
  return isCode
    ? 'That code is not right, or it has been used. Please try the next one.'
    : 'That is not your password. Please try again.';
}
