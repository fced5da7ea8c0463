import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Invitation, Member, SentInvitation } from '../../../shared/members';
import type { Role } from '../../../shared/wire';
import { user } from '../api/session';
import { fullTime } from '../state/clock';
import {
  invite,
  inviteOpen,
  remove,
  removing,
  revoke,
  revokingInvitation,
  rolesUpTo,
  sentLink,
} from '../state/members';
import { reasonOf } from '../state/reason-of';
import { toast } from '../state/toasts';
import { Icon } from './icon';
import { Modal } from './modal';

/** Whom to invite, and as what. */
export function InviteDialog() {
  const emailInput = useRef<HTMLInputElement>(null);
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('agent');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  useEffect(() => emailInput.current?.focus(), []);
  const close = () => {
    inviteOpen.value = false;
  };
  const send = async () => {
    if (busy) return;
    if (!/^\S+@\S+\.\S+$/.test(email.trim())) {
      setError('Please enter an e-mail address.');
      emailInput.current?.focus();
      return;
    }
    setBusy(true);
    setError('');
    try {
      await invite(email.trim(), role);
    } catch (failure) {
      setError(reasonOf(failure, 'Nobody was invited. Please try again.'));
      setBusy(false);
      emailInput.current?.focus();
    }
  };
  return (
    <Modal title="Invite somebody" onCancel={close}>
      <form
        class="editor"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <label>
          <span>E-mail</span>
          <input
            ref={emailInput}
            type="email"
            value={email}
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            aria-describedby={error ? 'invite-error' : undefined}
            aria-invalid={error !== ''}
            onInput={(event) => setEmail(event.currentTarget.value)}
          />
        </label>
        <label>
          <span>Role</span>
          <select value={role} onChange={(event) => setRole(event.currentTarget.value as Role)}>
            {rolesUpTo(user.value?.role).map((known) => (
              <option key={known.role} value={known.role}>
                {known.label}: {known.about.toLowerCase()}
              </option>
            ))}
          </select>
        </label>
        <div role="alert">
          {error && (
            <p class="form-error" id="invite-error">
              <Icon name="alert" />
              {error}
            </p>
          )}
        </div>
        <div class="editor-actions">
          <button type="button" class="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={busy}>
            {busy ? 'Inviting…' : 'Invite'}
          </button>
        </div>
      </form>
    </Modal>
  );
}

/** The only sight of a link. Escape does not close it: it cannot be brought back, only sent anew. */
export function LinkDialog({ sent }: { sent: SentInvitation }) {
  const [copied, setCopied] = useState(false);
  const link = sent.link ?? '';
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(link);
      setCopied(true);
    } catch {
      toast('It could not be copied. Please select the link and copy it yourself.', { kind: 'error' });
    }
  };
  return (
    <Modal title={`${sent.invitation.email} is invited`} onCancel={() => undefined}>
      <p>
        No mail is sent in development: pass this link on yourself. It works once, until{' '}
        {fullTime(sent.invitation.expires_at)}, and will not be shown again.
      </p>
      <div class="new-key">
        <input
          aria-label="Link of the invitation"
          readOnly
          spellcheck={false}
          value={link}
          onFocus={(event) => event.currentTarget.select()}
        />
        <button type="button" class="button" onClick={() => void copy()}>
          <Icon name={copied ? 'check' : 'copy'} />
          {copied ? 'Copied' : 'Copy'}
        </button>
      </div>
      <p class="visually-hidden" role="status">
        {copied ? 'The link is copied' : ''}
      </p>
      <div class="editor-actions">
        <button
          type="button"
          class="button primary"
          onClick={() => {
            sentLink.value = null;
          }}
        >
          Done
        </button>
      </div>
    </Modal>
  );
}

export function RemoveDialog({ member }: { member: Member }) {
  return (
    <Question
      title={`Remove ${member.name}?`}
      keep="Keep them"
      act="Remove"
      acting="Removing…"
      onCancel={() => {
        removing.value = null;
      }}
      onAct={() => void remove(member)}
    >
      They are signed out within seconds, and their API keys and open invitations are revoked. What they wrote stays.
      Conversations stay assigned to them until somebody else takes them.
    </Question>
  );
}

export function RevokeInvitationDialog({ invitation }: { invitation: Invitation }) {
  return (
    <Question
      title={`Revoke the invitation of ${invitation.email}?`}
      keep="Keep it"
      act="Revoke"
      acting="Revoking…"
      onCancel={() => {
        revokingInvitation.value = null;
      }}
      onAct={() => void revoke(invitation)}
    >
      Its link stops working at once. They can be invited again.
    </Question>
  );
}

interface QuestionProps {
  title: string;
  children: ComponentChildren;
  keep: string;
  act: string;
  acting: string;
  onCancel: () => void;
  onAct: () => void;
}

function Question(props: QuestionProps) {
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
