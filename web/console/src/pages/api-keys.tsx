import { useEffect } from 'preact/hooks';
import { mayRunAccount } from '../api/session';
import { NewKeyDialog, RevokeDialog } from '../components/key-dialogs';
import { KeyForm } from '../components/key-form';
import { KeyList } from '../components/key-list';
import { Page, PageSkeleton } from '../components/page';
import { Failed } from '../components/states';
import { apiKeys, keyFormOpen, keysFailed, leaveKeysPage, loadApiKeys, madeKey, revoking } from '../state/api-keys';

/** Keys for machines: made, shown once, and revoked in a click and a word. */
export function ApiKeys() {
  const may = mayRunAccount.value;
  useEffect(() => {
    if (may) void loadApiKeys();
    return leaveKeysPage;
  }, [may]);
  return (
    <Page
      title="API keys"
      lead="For scripts and other systems. Each may only what you choose, and can be revoked at once."
    >
      {may ? <Keys /> : <p class="page-note">Admins and owners of the account make and see API keys.</p>}
      {madeKey.value && <NewKeyDialog made={madeKey.value} />}
      {revoking.value && <RevokeDialog apiKey={revoking.value} />}
    </Page>
  );
}

function Keys() {
  const keys = apiKeys.value;
  if (keys) return keyFormOpen.value ? <KeyForm /> : <KeyList keys={keys} />;
  if (!keysFailed.value) return <PageSkeleton what="API keys" />;
  return (
    <Failed
      title="API keys could not be loaded"
      detail="Nothing is lost. Please try again."
      onRetry={() => void loadApiKeys()}
    />
  );
}
