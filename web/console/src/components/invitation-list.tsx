import type { Invitation } from '../../../shared/members';
import { user } from '../api/session';
import { fullTime, now } from '../state/clock';
import { isAbove, revokingInvitation, roleLabel, sendAnew } from '../state/members';

export function InvitationList({ invitations }: { invitations: Invitation[] }) {
  return (
    <section class="card list-card" aria-labelledby="invitations-title">
      <header class="card-head">
        <h3 id="invitations-title">
          Invitations <span class="card-count">{invitations.length}</span>
        </h3>
      </header>
      {invitations.length === 0 ? (
        <p class="empty-text">Nobody is invited right now. Whoever you invite is listed here until they accept.</p>
      ) : (
        <ul class="intents">
          {invitations.map((invitation) => (
            <InvitationRow key={invitation.id} invitation={invitation} />
          ))}
        </ul>
      )}
    </section>
  );
}

function InvitationRow({ invitation }: { invitation: Invitation }) {
  const ended = Date.parse(invitation.expires_at) <= now.value;
  return (
    <li class="intent invitation">
      <div class="intent-main">
        <span class="key-name">{invitation.email}</span>
        <span class="intent-counts">
          {roleLabel(invitation.role)} · invited {fullTime(invitation.sent_at)}
          {invitation.invited_by.name && ` by ${invitation.invited_by.name}`} · {ended ? 'ended' : 'ends'}{' '}
          {fullTime(invitation.expires_at)}
        </span>
      </div>
      {ended && <span class="intent-recall none">Expired</span>}
      {!isAbove(invitation.role, user.value?.role) && (
        <button
          type="button"
          class="button ghost"
          aria-label={`Send the invitation of ${invitation.email} anew`}
          onClick={() => void sendAnew(invitation)}
        >
          Send anew
        </button>
      )}
      <button
        type="button"
        class="button ghost danger"
        aria-label={`Revoke the invitation of ${invitation.email}`}
        onClick={() => {
          revokingInvitation.value = invitation;
        }}
      >
        Revoke
      </button>
    </li>
  );
}
