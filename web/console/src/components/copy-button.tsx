import { useState } from 'preact/hooks';
import { toast } from '../state/toasts';
import { Icon } from './icon';

/** Puts a text on the clipboard and says so. `what` begins a sentence, such as `The key`. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      toast('It could not be copied. Please select it and copy it yourself.', { kind: 'error' });
    }
  };
  return (
    <>
      <button type="button" class="button" onClick={() => void copy()}>
        <Icon name={copied ? 'check' : 'copy'} />
        {copied ? 'Copied' : 'Copy'}
      </button>
      <span class="visually-hidden" role="status">
        {copied ? `${what} is copied` : ''}
      </span>
    </>
  );
}
