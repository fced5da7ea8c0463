import { useEffect } from 'preact/hooks';
import { mayRunAccount } from '../api/session';
import { InvitationList } from '../components/invitation-list';
import {
  InviteDialog,
  LinkDialog,
  RemoveDialog,
  ResetLoginDialog,
  RevokeInvitationDialog,
  UnlockDialog,
} from '../components/member-dialogs';
import { MemberList } from '../components/member-list';
import { Page, PageSkeleton } from '../components/page';
import { Failed } from '../components/states';
import {
  invitations,
  inviteOpen,
  leaveMembersPage,
  loadMembers,
  members,
  removing,
  resetting,
  revokingInvitation,
  sentLink,
  unlocking,
} from '../state/members';

/** Who is in the account and as what, and who is invited. */
export function Members() {
  const may = mayRunAccount.value;
  useEffect(() => {
    if (may) void loadMembers();
    return leaveMembersPage;
  }, [may]);
  return (
    <Page title="Members" lead="Who is in this account, what they may do, and who is invited.">
      {may ? <Lists /> : <p class="page-note">Admins and owners of the account invite and remove members.</p>}
      {inviteOpen.value && <InviteDialog />}
      {sentLink.value && <LinkDialog sent={sentLink.value} />}
      {removing.value && <RemoveDialog member={removing.value} />}
      {resetting.value && <ResetLoginDialog member={resetting.value} />}
      {unlocking.value && <UnlockDialog member={unlocking.value} />}
      {revokingInvitation.value && <RevokeInvitationDialog invitation={revokingInvitation.value} />}
    </Page>
  );
}

function Lists() {
  const known = members.value.value;
  const open = invitations.value.value;
  if (known && open) {
    return (
      <>
        <MemberList members={known} />
        <InvitationList invitations={open} />
      </>
    );
  }
  if (members.state.value !== 'failed' && invitations.state.value !== 'failed') return <PageSkeleton what="members" />;
  return (
    <Failed
      title="Members could not be loaded"
      detail="Nothing has changed. Please try again."
      onRetry={() => void loadMembers()}
    />
  );
}
