import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { AccountDialog } from '../components/account-dialog';
import { ConnectionBar } from '../components/connection-bar';
import { Help } from '../components/help';
import { Inbox } from '../components/inbox';
import { PAGES, Sidebar } from '../components/sidebar';
import { Empty } from '../components/states';
import { ThreadView } from '../components/thread-view';
import { Toasts } from '../components/toasts';
import { creatingAccount } from '../state/accounts';
import { forgetArticles } from '../state/articles';
import { forgetAssistant } from '../state/assistant';
import { openDesk, unreadTotal } from '../state/desk';
import { currentView } from '../state/filters';
import { forgetGaps } from '../state/gaps';
import { listenToKeys } from '../state/keyboard';
import { forgetMacros } from '../state/macros';
import { forgetOwnIntents, loadOwnIntents } from '../state/own-intents';
import { openId, openPage, type Page } from '../state/router';
import { leadToSecondFactor } from '../state/second-factor';
import { closeSources } from '../state/sources';
import { loadTeams } from '../state/teams';
import { openThread, Thread } from '../state/thread';
import { detailsOpen } from '../state/ui';
import { closeWhy } from '../state/why';
import { AccuracyPage } from './accuracy';
import { ApiKeys } from './api-keys';
import { Articles } from './articles';
import { AssistantPage } from './assistant';
import { AuditPage } from './audit';
import { Customers } from './customers';
import { GeneratorsPage } from './generators';
import { Inboxes } from './inboxes';
import { Intents } from './intents';
import { Macros } from './macros';
import { Members } from './members';
import { PrivacyRequests } from './privacy';
import { Roles } from './roles';
import { Security } from './security';
import { Sessions } from './sessions';
import { Teams } from './teams';

const SHOWN: Record<Page, () => JSX.Element> = {
  intents: Intents,
  accuracy: AccuracyPage,
  'api-keys': ApiKeys,
  audit: AuditPage,
  sessions: Sessions,
  security: Security,
  members: Members,
  inboxes: Inboxes,
  privacy: PrivacyRequests,
  customers: Customers,
  teams: Teams,
  roles: Roles,
  articles: Articles,
  macros: Macros,
  assistant: AssistantPage,
  generators: GeneratorsPage,
};

/** Everything behind the login. */
export function Desk() {
  useEffect(openDesk, []);
  useEffect(listenToKeys, []);
  // Their names, for readings and menus.
  useEffect(() => {
    void loadOwnIntents();
    return forgetOwnIntents;
  }, []);

  // What an account knows is nobody else's.
  useEffect(
    () => () => {
      forgetArticles();
      forgetGaps();
      forgetMacros();
      forgetAssistant();
    },
    [],
  );

  useEffect(() => void leadToSecondFactor(), []);

  // Their names, for the timeline and the details.
  useEffect(() => void loadTeams(), []);

  const id = openId.value;
  useEffect(() => {
    if (!id) return;
    const thread = new Thread(id);
    openThread.value = thread;
    return () => {
      thread.stop();
      openThread.value = null;
      detailsOpen.value = false;
      closeWhy(false);
      closeSources(false);
    };
  }, [id]);

  const unread = unreadTotal.value;
  const page = openPage.value;
  const view = PAGES.find((other) => other.page === page)?.label ?? currentView.value?.label ?? 'Conversations';
  useEffect(() => {
    document.title = `${unread > 0 ? `(${unread}) ` : ''}${view} · Edgedesk`;
  }, [unread, view]);

  const thread = openThread.value;
  const Shown = page && SHOWN[page];
  return (
    <div class={`desk ${id ? 'with-thread' : ''}`}>
      <ConnectionBar />
      <div class="panes">
        <Sidebar />
        <main>
          <h1 class="visually-hidden">{view}</h1>
          {Shown ? (
            <Shown />
          ) : (
            <>
              <Inbox />
              {thread && thread.id === id ? <ThreadView key={thread.id} thread={thread} /> : <NothingOpen />}
            </>
          )}
        </main>
      </div>
      {creatingAccount.value && <AccountDialog />}
      <Toasts />
      <Help />
    </div>
  );
}

function NothingOpen() {
  return (
    <section class="thread nothing-open" aria-label="Conversation">
      <Empty icon="chat" title="Pick a conversation">
        <p>
          <kbd>j</kbd> <kbd>k</kbd> to move, <kbd>Enter</kbd> to open, <kbd>?</kbd> for all shortcuts
        </p>
      </Empty>
    </section>
  );
}
