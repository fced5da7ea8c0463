import { useEffect } from 'preact/hooks';
import { setTheme, type ThemeChoice, theme } from '../../../shared/theme';
import { logout, mayLead, mayRunAccount, user } from '../api/session';
import {
  creatingAccount,
  forgetOwnAccounts,
  goToAccount,
  loadOwnAccounts,
  mayCreateAccount,
  ownAccounts,
} from '../state/accounts';
import { unsavedArticles } from '../state/article-draft';
import { agents, counters, deskLive, ownPresence, presence, setAway } from '../state/desk';
import { currentView, filters, VIEWS } from '../state/filters';
import { forgetWriting } from '../state/forget-writing';
import { draftUnsaved } from '../state/intent-draft';
import { unsavedMacro } from '../state/macro-draft';
import { finishMacroRemovals } from '../state/macros';
import { finishRemovals } from '../state/own-intents';
import { closeConversation, goToPage, openList, openPage, type Page, pageHref } from '../state/router';
import { toast } from '../state/toasts';
import { drawerOpen, drawerSidebar, helpOpen, onePane } from '../state/ui';
import { Avatar } from './avatar';
import { Icon } from './icon';
import { Menu, MenuItem } from './menu';

export function Sidebar() {
  const hidden = drawerSidebar.value && !drawerOpen.value;
  return (
    <>
      {drawerSidebar.value && drawerOpen.value && (
        <button
          type="button"
          class="scrim"
          aria-label="Close the menu"
          onClick={() => {
            drawerOpen.value = false;
          }}
        />
      )}
      <div class={`sidebar ${drawerOpen.value ? 'open' : ''}`} inert={hidden}>
        <header class="brand">
          <img src="/favicon.svg" width="26" height="26" alt="" />
          <span>Edgedesk</span>
        </header>
        <div class="menu-scroll">
          <nav class="views" aria-label="Views">
            {VIEWS.map((view) => (
              <button
                key={view.id}
                type="button"
                class="view"
                aria-current={!openPage.value && currentView.value?.id === view.id ? 'page' : undefined}
                onClick={() => {
                  filters.value = { ...view.filters, query: filters.value.query };
                  drawerOpen.value = false;
                  if (openPage.value) openList();
                  else if (onePane.value) closeConversation();
                }}
              >
                <Icon name={view.icon} />
                <span>{view.label}</span>
                <Count view={view.id} />
              </button>
            ))}
          </nav>
          <PageLinks id="desk-title" title="Desk" pages={DESK_PAGES} />
          <PageLinks id="assistant-title" title="Assistant" pages={ASSISTANT_PAGES} />
          {mayLead.value && <PageLinks id="account-title" title="Account" pages={accountPages()} />}
          <Team />
        </div>
        <footer class="me">
          <MeMenu />
        </footer>
      </div>
    </>
  );
}

interface PageLink {
  page: Page;
  label: string;
  icon: string;
}

/** For everybody: agents see whom they see a conversation of. */
const DESK_PAGES: PageLink[] = [{ page: 'customers', label: 'Customers', icon: 'user' }];
const ASSISTANT_PAGES: PageLink[] = [
  { page: 'assistant', label: 'Chat assistant', icon: 'spark' },
  { page: 'articles', label: 'Articles', icon: 'book' },
  { page: 'macros', label: 'Macros', icon: 'bolt' },
  { page: 'intents', label: 'Own intents', icon: 'spark' },
  { page: 'accuracy', label: 'Accuracy', icon: 'gauge' },
];
/** For those who run the account. */
const ACCOUNT_PAGES: PageLink[] = [
  { page: 'members', label: 'Members', icon: 'user-plus' },
  { page: 'inboxes', label: 'Inboxes', icon: 'inbox' },
  { page: 'teams', label: 'Teams', icon: 'user' },
  { page: 'roles', label: 'Roles', icon: 'lock' },
  { page: 'generators', label: 'Generators', icon: 'spark' },
  { page: 'api-keys', label: 'API keys', icon: 'key' },
  { page: 'privacy', label: 'Privacy requests', icon: 'shield' },
  { page: 'audit', label: 'Audit log', icon: 'history' },
];
/** Everybody's own, in the menu under their name. */
const OWN_PAGES: PageLink[] = [
  { page: 'sessions', label: 'Sessions', icon: 'lock' },
  { page: 'security', label: 'Security', icon: 'shield' },
];
export const PAGES: PageLink[] = [...DESK_PAGES, ...ASSISTANT_PAGES, ...ACCOUNT_PAGES, ...OWN_PAGES];

/** Managers keep the teams and see what generators cost, and nothing else of the account. */
function accountPages(): PageLink[] {
  return mayRunAccount.value
    ? ACCOUNT_PAGES
    : ACCOUNT_PAGES.filter(({ page }) => page === 'teams' || page === 'generators');
}

function PageLinks({ id, title, pages }: { id: string; title: string; pages: PageLink[] }) {
  return (
    <nav class="views" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {pages.map(({ page, label, icon }) => (
        <a
          key={page}
          class="view"
          href={pageHref(page)}
          aria-current={openPage.value === page ? 'page' : undefined}
          onClick={() => {
            drawerOpen.value = false;
          }}
        >
          <Icon name={icon} />
          <span>{label}</span>
          {hasDraft(page) && <span class="count">Draft</span>}
        </a>
      ))}
    </nav>
  );
}

/** Something on the page was written and not saved. */
function hasDraft(page: Page): boolean {
  if (page === 'intents') return draftUnsaved.value;
  if (page === 'articles') return unsavedArticles.value.length > 0;
  return page === 'macros' && unsavedMacro.value;
}

function Count({ view }: { view: string }) {
  const live = counters.value;
  if (!live) return null;
  const counts: Record<string, number | undefined> = {
    inbox: live.open,
    mine: ownPresence.value?.load,
    unassigned: live.unassigned,
    'at-risk': live.at_risk,
  };
  const count = counts[view];
  return count ? <span class={`count ${view === 'at-risk' ? 'hot' : ''}`}>{count}</span> : null;
}

/** Online first, then away, then those who only have work left. */
function Team() {
  const others = presence.value.filter((agent) => agent.agent_id !== user.value?.id);
  const sorted = [...others].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  return (
    <section class="team" aria-labelledby="team-title">
      <h2 id="team-title">Team</h2>
      {sorted.length === 0 ? (
        <p class="team-empty">Nobody else is here right now.</p>
      ) : (
        <ul>
          {sorted.map((agent) => (
            <li key={agent.agent_id}>
              <span class={`presence ${presenceWord(agent)}`}>
                <Avatar id={agent.agent_id} name={agent.name} size="s" />
              </span>
              <span class="team-name">
                {agent.name}
                <span class="visually-hidden">, {presenceWord(agent)}</span>
              </span>
              <Load id={agent.agent_id} load={agent.load} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

export function Load({ id, load }: { id: string; load: number }) {
  const max = agents.value.find((agent) => agent.id === id)?.max_load;
  const full = max !== undefined && load >= max;
  return (
    <span class={`load ${full ? 'full' : ''}`} title={full ? 'At maximum load' : 'Open conversations'}>
      {max === undefined ? load : `${load}/${max}`}
      <span class="visually-hidden"> open conversations</span>
    </span>
  );
}

export function presenceWord(agent: { online: boolean; away: boolean } | undefined): 'online' | 'away' | 'offline' {
  if (!agent?.online) return 'offline';
  return agent.away ? 'away' : 'online';
}

function rank(agent: { online: boolean; away: boolean }): number {
  return ['online', 'away', 'offline'].indexOf(presenceWord(agent));
}

const THEMES: { choice: ThemeChoice; label: string; icon: string }[] = [
  { choice: 'system', label: 'System theme', icon: 'monitor' },
  { choice: 'light', label: 'Light theme', icon: 'sun' },
  { choice: 'dark', label: 'Dark theme', icon: 'moon' },
];

function MeMenu() {
  const me = user.value;
  const id = me?.id;
  // Before the menu is opened, so that it does not grow under a finger.
  useEffect(() => {
    if (!id) return;
    void loadOwnAccounts();
    return forgetOwnAccounts;
  }, [id]);
  if (!me) return null;
  const state =
    deskLive.value === 'open' ? presenceWord(ownPresence.value ?? { online: true, away: false }) : 'offline';
  const away = state === 'away';
  return (
    <Menu
      name="Your settings"
      align="start"
      above
      buttonClass="me-button"
      onOpen={() => {
        if (ownAccounts.value.length === 0) void loadOwnAccounts();
      }}
      button={
        <>
          <span class={`presence ${state}`}>
            <Avatar id={me.id} name={me.name} size="s" />
          </span>
          <span class="me-text">
            <span class="me-name">{me.name}</span>
            <span class="me-state">{state === 'offline' ? 'Connecting…' : away ? 'Away' : 'Online'}</span>
          </span>
          <Icon name="more" />
        </>
      }
    >
      {(close) => (
        <>
          <MenuItem
            onSelect={() => {
              close();
              if (!setAway(!away))
                toast('Your presence can be changed once we are connected again.', { kind: 'error' });
            }}
          >
            <Icon name={away ? 'check' : 'coffee'} />
            {away ? 'I am back' : 'Set myself away'}
          </MenuItem>
          {ownAccounts.value.length > 1 && (
            <>
              <hr />
              {ownAccounts.value.map((one) => (
                <MenuItem
                  key={one.id}
                  checked={one.current}
                  onSelect={() => {
                    close();
                    if (!one.current) void goToAccount(one);
                  }}
                >
                  <Icon name="inbox" />
                  {one.name}
                </MenuItem>
              ))}
            </>
          )}
          {mayCreateAccount.value && (
            <MenuItem
              onSelect={() => {
                close();
                creatingAccount.value = true;
              }}
            >
              <Icon name="plus" />
              New account…
            </MenuItem>
          )}
          <hr />
          {THEMES.map(({ choice, label, icon }) => (
            <MenuItem
              key={choice}
              checked={theme.value === choice}
              onSelect={() => {
                setTheme(choice);
                close();
              }}
            >
              <Icon name={icon} />
              {label}
            </MenuItem>
          ))}
          <hr />
          {OWN_PAGES.map(({ page, label, icon }) => (
            <MenuItem
              key={page}
              onSelect={() => {
                close();
                drawerOpen.value = false;
                goToPage(page);
              }}
            >
              <Icon name={icon} />
              {label}
            </MenuItem>
          ))}
          <MenuItem
            onSelect={() => {
              close();
              helpOpen.value = true;
            }}
          >
            <Icon name="keyboard" />
            Keyboard shortcuts
          </MenuItem>
          <MenuItem
            onSelect={() => {
              // While the token is good: what was deleted here waits for its "Undo".
              void finishRemovals();
              void finishMacroRemovals();
              forgetWriting();
              void logout();
            }}
          >
            <Icon name="sign-out" />
            Sign out
          </MenuItem>
        </>
      )}
    </Menu>
  );
}
