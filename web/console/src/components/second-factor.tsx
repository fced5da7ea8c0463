import { useEffect, useRef } from 'preact/hooks';
import type { NewSecondFactor, SecondFactor } from '../../../shared/second-factor';
import { fullTime } from '../state/clock';
import { asking, confirm, enrolling, isMissing } from '../state/second-factor';
import { CodeForm } from './code-form';
import { CopyButton } from './copy-button';
import { QrCode } from './qr-code';

/** Below this many unused recovery codes it is time for new ones. */
const FEW_CODES = 3;

/** How one's second factor stands, and what can be done with it. */
export function SecondFactorCard({ known }: { known: SecondFactor }) {
  const isOn = Boolean(known.since);
  return (
    <section class="card" aria-labelledby="second-factor-title">
      <header class="card-head">
        <h3 id="second-factor-title">Codes from an app</h3>
        <span class={`chip status ${isOn ? 'resolved' : ''}`}>{isOn ? 'On' : 'Off'}</span>
      </header>
      {isMissing(known) && (
        <p class="page-note poor">
          This account wants a second factor of everybody who runs it. Until yours is on, its settings stay closed to
          you.
        </p>
      )}
      {isOn ? <Turned known={known} /> : enrolling.value ? <Enrolment made={enrolling.value} /> : <Offer />}
    </section>
  );
}

function Offer() {
  return (
    <>
      <p>
        Signing in asks for your password and then for six digits from an app on your phone, so that a password that
        somebody else has learnt is not enough.
      </p>
      <div class="editor-actions">
        <button
          type="button"
          class="button primary"
          onClick={() => {
            asking.value = 'begin';
          }}
        >
          Turn on
        </button>
      </div>
    </>
  );
}

function Enrolment({ made }: { made: NewSecondFactor }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <div class="enrolment">
      <div>
        <h4 ref={heading} tabIndex={-1}>
          1. Scan this with your authenticator app
        </h4>
        <p>Any app for one-time codes will do. You can also type this key into it:</p>
        <div class="new-key">
          <input
            aria-label="Key for the app"
            readOnly
            spellcheck={false}
            value={inGroups(made.secret)}
            onFocus={(event) => event.currentTarget.select()}
          />
          <CopyButton text={made.secret} what="The key" />
        </div>
        <h4>2. Enter the six digits that it shows</h4>
        <CodeForm
          label="Code"
          kind="code"
          action="Confirm"
          busyAction="Confirming…"
          onCode={confirm}
          onCancel={() => {
            enrolling.value = null;
          }}
        />
      </div>
      <QrCode text={made.uri} label="QR code of the key for your authenticator app" />
    </div>
  );
}

function Turned({ known }: { known: SecondFactor }) {
  const left = known.n_recovery_codes;
  return (
    <>
      <p>
        {known.since && `On since ${fullTime(known.since)}. `}
        Signing in asks for a code from your app.
      </p>
      <p class={left < FEW_CODES ? 'warn' : ''}>
        {left === 0
          ? 'You have no recovery code left. Make new ones, so that you can sign in without your phone.'
          : `You have ${left} recovery ${left === 1 ? 'code' : 'codes'} left, for when you are without your phone.`}
      </p>
      <div class="editor-actions">
        <button
          type="button"
          class="button danger"
          onClick={() => {
            asking.value = 'turn-off';
          }}
        >
          Turn off
        </button>
        <button
          type="button"
          class="button"
          onClick={() => {
            asking.value = 'renew';
          }}
        >
          New recovery codes
        </button>
      </div>
    </>
  );
}

/** Four letters at a time are easier to type. */
function inGroups(secret: string): string {
  return secret.replace(/(.{4})(?=.)/g, '$1 ');
}
