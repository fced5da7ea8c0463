import { useEffect } from 'preact/hooks';
import { IntentEditor } from '../components/intent-editor';
import { IntentList } from '../components/intent-list';
import { IntentVersions } from '../components/intent-versions';
import { LiveTest } from '../components/live-test';
import { Page, PageSkeleton } from '../components/page';
import { Failed } from '../components/states';
import { Training } from '../components/training';
import { draftUnsaved, edited } from '../state/intent-draft';
import {
  finishRemovals,
  intentsFailed,
  intentsLoaded,
  loadIntentsPage,
  mayManageIntents,
  ownIntents,
} from '../state/own-intents';
import { pageHref } from '../state/router';
import { toast } from '../state/toasts';

/** The account's own intents: taught with examples, trained in a second, tried at once, taken back in a click. */
export function Intents() {
  useEffect(() => {
    void loadIntentsPage();
    return () => {
      void finishRemovals();
      sayDraftIsKept();
    };
  }, []);
  const intents = ownIntents.value;
  return (
    <Page
      title="Own intents"
      lead="What your customers write about that no general model knows. Ten examples each are enough to teach it."
    >
      {!mayManageIntents.value && (
        <p class="page-note">
          You can look and try. Managers, admins and owners of the account can change own intents.
        </p>
      )}
      {intents === null || !intentsLoaded.value ? (
        intentsFailed.value ? (
          <Failed
            title="Own intents could not be loaded"
            detail="Nothing is lost. Please try again."
            onRetry={() => void loadIntentsPage()}
          />
        ) : (
          <PageSkeleton what="own intents" />
        )
      ) : (
        <>
          {intentsFailed.value && <Stale />}
          <div class="page-columns">
            <div>{edited.value ? <IntentEditor key={edited.value.key} /> : <IntentList intents={intents} />}</div>
            <div>
              <LiveTest />
              <Training intents={intents} />
              <IntentVersions />
            </div>
          </div>
        </>
      )}
    </Page>
  );
}

/** What is shown could not be brought up to date. */
function Stale() {
  return (
    <p class="page-note poor" role="alert">
      What is shown here may be out of date: it could not be loaded again.
      <button type="button" class="button" onClick={() => void loadIntentsPage()}>
        Try again
      </button>
    </p>
  );
}

/** Leaving by a link or the browser's own buttons loses nothing, and says so. */
function sayDraftIsKept(): void {
  if (!draftUnsaved.value) return;
  const back = () => {
    location.hash = pageHref('intents');
  };
  toast('Your changes to the intent are kept, not saved', { action: { label: 'Go back', run: back } });
}
