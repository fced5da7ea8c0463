import { useEffect } from 'preact/hooks';
import { mayRunAccount } from '../api/session';
import { ConnectDialog, InboxDialog, SecretDialog } from '../components/inbox-dialogs';
import { InboxList } from '../components/inbox-list';
import { Page, PageSkeleton } from '../components/page';
import { Failed } from '../components/states';
import { connecting, editingInbox, inboxes, leaveInboxesPage, loadInboxesPage, settingSecret } from '../state/inboxes';

/** Where messages arrive, and what a website or a provider needs to send them there. */
export function Inboxes() {
  const may = mayRunAccount.value;
  useEffect(() => {
    if (may) void loadInboxesPage();
    return leaveInboxesPage;
  }, [may]);
  const edited = editingInbox.value;
  return (
    <Page title="Inboxes" lead="Where messages arrive: the chat on your website, and your Zendesk.">
      {may ? <List /> : <p class="page-note">Administrators keep the inboxes.</p>}
      {edited && <InboxDialog key={edited === 'new' ? 'new' : edited.id} inbox={edited === 'new' ? null : edited} />}
      {connecting.value && <ConnectDialog inbox={connecting.value} />}
      {settingSecret.value && <SecretDialog inbox={settingSecret.value} />}
    </Page>
  );
}

function List() {
  const known = inboxes.value.value;
  if (known) return <InboxList inboxes={known} />;
  if (inboxes.state.value !== 'failed') return <PageSkeleton what="inboxes" />;
  return (
    <Failed
      title="Inboxes could not be loaded"
      detail="Nothing has changed. Please try again."
      onRetry={() => void loadInboxesPage()}
    />
  );
}
