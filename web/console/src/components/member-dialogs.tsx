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
  resetLogin,
  resetting,
  revoke,
  revokingInvitation,
  rolesUpTo,
  sentLink,
  unlock,
  unlocking,
} from '../state/members';
import { reasonOf } from '../state/reason-of';
import { FormEnd } from './form-end';
import { Modal } from './modal';
import { Question } from './question';
import { ShownOnce } from './shown-once';

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
        <FormEnd error={error} errorId="invite-error" busy={busy} act="Invite" acting="Inviting…" onCancel={close} />
      </form>
    </Modal>
  );
}

/** The only sight of a link. Escape does not close it: it cannot be brought back, only sent anew. */
export function LinkDialog({ sent }: { sent: SentInvitation }) {
  const until = fullTime(sent.invitation.expires_at);
  return (
    <ShownOnce
      title={`${sent.invitation.email} is invited`}
      about={`No mail is sent in development: pass this link on yourself. It works once, until ${until}, and will not be shown again.`}
      label="Link of the invitation"
      what="The link"
      value={sent.link ?? ''}
      done="Done"
      onDone={() => {
        sentLink.value = null;
      }}
    />
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

export function ResetLoginDialog({ member }: { member: Member }) {
  return (
    <Question
      title={`Reset the second factor of ${member.name}?`}
      keep="Keep it"
      act="Reset"
      acting="Resetting…"
      onCancel={() => {
        resetting.value = null;
      }}
      onAct={() => void resetLogin(member)}
    >
      For somebody who lost their phone and their recovery codes: make sure that it is them who asks. They are signed
      out everywhere and sign in with the password alone, until they turn on another.
    </Question>
  );
}

export function UnlockDialog({ member }: { member: Member }) {
  return (
    <Question
      title={`Unlock ${member.name}?`}
      keep="Leave it locked"
      act="Unlock"
      acting="Unlocking…"
      onCancel={() => {
        unlocking.value = null;
      }}
      onAct={() => void unlock(member)}
    >
      Ten logins with their address failed in a row. If it was not them, somebody is guessing their password: then let
      the lock run out.
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
