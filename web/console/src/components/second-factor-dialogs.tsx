import { useState } from 'preact/hooks';
import { asking, begin, madeCodes, renew, turnOff } from '../state/second-factor';
import { CodeForm } from './code-form';
import { CopyButton } from './copy-button';
import { Icon } from './icon';
import { Modal } from './modal';

/** The only sight of new recovery codes. Escape does not close it: they cannot be brought back. */
export function RecoveryCodesDialog({ codes }: { codes: string[] }) {
  const text = `${codes.join('\n')}\n`;
  const download = () => {
    const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = 'edgedesk-recovery-codes.txt';
    link.click();
    URL.revokeObjectURL(url);
  };
  return (
    <Modal title="Your recovery codes" onCancel={() => undefined}>
      <p>
        Each lets you sign in once without your phone. Store them where you would find them without it; they will not be
        shown again. Earlier ones are worth nothing now.
      </p>
      <ol class="recovery-codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ol>
      <div class="editor-actions">
        <CopyButton text={text} what="The list" />
        <button type="button" class="button" onClick={download}>
          <Icon name="down" />
          Download
        </button>
        <button
          type="button"
          class="button primary"
          onClick={() => {
            madeCodes.value = null;
            // What opened it may have gone.
            document.querySelector<HTMLElement>('.page')?.focus();
          }}
        >
          I have stored them
        </button>
      </div>
    </Modal>
  );
}

/** Shows once more who one is, before anything changes. */
export function ShowCodeDialog({ what }: { what: 'begin' | 'renew' | 'turn-off' }) {
  const [kind, setKind] = useState<'code' | 'password'>('code');
  const cancel = () => {
    asking.value = null;
  };
  if (what === 'begin') {
    return (
      <Modal title="Is it you?" onCancel={cancel}>
        <p>Nobody who finds this page open shall set up an app of their own.</p>
        <CodeForm
          label="Your password"
          kind="password"
          action="Go on"
          busyAction="Checking…"
          onCode={begin}
          onCancel={cancel}
        />
      </Modal>
    );
  }
  if (what === 'renew') {
    return (
      <Modal title="Make new recovery codes?" onCancel={cancel}>
        <p>You get ten new ones. Those that you have now stop working.</p>
        <CodeForm
          label="Code from your app"
          kind="code"
          action="Make new codes"
          busyAction="Making…"
          onCode={renew}
          onCancel={cancel}
        />
      </Modal>
    );
  }
  return (
    <Modal title="Turn the second factor off?" onCancel={cancel}>
      <p>Signing in will ask for your password alone, and your recovery codes stop working.</p>
      <CodeForm
        label={kind === 'code' ? 'Code from your app' : 'Your password'}
        kind={kind}
        action="Turn off"
        busyAction="Turning off…"
        danger
        onCode={(text) => turnOff(kind === 'code' ? { code: text } : { password: text })}
        onCancel={cancel}
      >
        <button type="button" class="button ghost" onClick={() => setKind(kind === 'code' ? 'password' : 'code')}>
          {kind === 'code' ? 'Use my password instead' : 'Use a code instead'}
        </button>
      </CodeForm>
    </Modal>
  );
}
