import { useEffect } from 'preact/hooks';
import { EndSessionDialog } from '../components/end-session-dialog';
import { Page, PageSkeleton } from '../components/page';
import { SessionList } from '../components/session-list';
import { Failed } from '../components/states';
import { ending, leaveSessionsPage, loadSessions, sessions } from '../state/sessions';

/** Where one is signed in to this account, and a way out of each. */
export function Sessions() {
  useEffect(() => {
    void loadSessions();
    return leaveSessionsPage;
  }, []);
  const known = sessions.value.value;
  return (
    <Page title="Sessions" lead="Where you are signed in to this account. Sign out what you do not recognise.">
      {known ? (
        <SessionList sessions={known} />
      ) : sessions.state.value === 'failed' ? (
        <Failed
          title="Your sessions could not be loaded"
          detail="Nothing has changed. Please try again."
          onRetry={() => void loadSessions()}
        />
      ) : (
        <PageSkeleton what="your sessions" />
      )}
      {ending.value && <EndSessionDialog what={ending.value} />}
    </Page>
  );
}
