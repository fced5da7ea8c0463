import { effect, signal } from '@preact/signals';
import { render } from 'preact';
import { nextTheme, setTheme, theme } from '../../shared/theme';
import { LiveAndErrors } from './live';
import { type Group, groupsOf, matches, type OpenApi, plain } from './openapi';
import { OperationView } from './operation';

type Loaded = { state: 'loading' } | { state: 'missing' } | { state: 'failed' } | { state: 'ready'; document: OpenApi };

const loaded = signal<Loaded>({ state: 'loading' });
const query = signal('');

async function load(): Promise<void> {
  loaded.value = { state: 'loading' };
  try {
    const answer = await fetch('/openapi.json');
    if (answer.ok) loaded.value = { state: 'ready', document: (await answer.json()) as OpenApi };
    else loaded.value = { state: answer.status === 404 ? 'missing' : 'failed' };
  } catch {
    loaded.value = { state: 'failed' };
  }
}

function Page() {
  const now = loaded.value;
  const all = now.state === 'ready' ? groupsOf(now.document) : [];
  const wanted = query.value.trim();
  const groups = all
    .map((group) => ({ ...group, entries: group.entries.filter((entry) => !wanted || matches(entry, wanted)) }))
    .filter((group) => group.entries.length > 0);
  return (
    <div class="docs">
      <Navigation groups={groups} />
      <main>
        <header class="intro">
          <h1>{now.state === 'ready' ? `${now.document.info.title} API` : 'Edgedesk API'}</h1>
          {now.state === 'ready' && <p class="version">Version {now.document.info.version}</p>}
          {now.state === 'ready' && now.document.info.description && <p>{plain(now.document.info.description)}</p>}
          <p>
            Lists carry a <code>next_cursor</code> while there is more. Log in, then send{' '}
            <code>Authorization: Bearer …</code>. The document itself is at <a href="/openapi.json">/openapi.json</a>.
          </p>
        </header>
        <Reference now={now} groups={groups} wanted={wanted} />
        {!wanted && <LiveAndErrors />}
      </main>
    </div>
  );
}

function Reference({ now, groups, wanted }: { now: Loaded; groups: Group[]; wanted: string }) {
  switch (now.state) {
    case 'loading':
      return (
        <p class="notice" role="status">
          Loading the reference…
        </p>
      );
    case 'missing':
      return (
        <div class="notice" role="status">
          <strong>The description of the operations is not here.</strong>
          <p>It is generated from the code when the pages are built. What frames and errors look like stands below.</p>
        </div>
      );
    case 'failed':
      return (
        <div class="notice" role="alert">
          <strong>The reference could not be loaded.</strong>
          <p>
            <button type="button" class="button" onClick={() => void load()}>
              Try again
            </button>
          </p>
        </div>
      );
    case 'ready':
      if (groups.length === 0) return <p class="notice">No operation matches “{wanted}”.</p>;
      return (
        <>
          {groups.map((group) => (
            <section
              class="group"
              key={group.name}
              id={`tag-${group.name}`}
              aria-labelledby={`tag-${group.name}-title`}
            >
              <h2 id={`tag-${group.name}-title`}>{group.name}</h2>
              {group.description && <p>{plain(group.description)}</p>}
              {group.entries.map((entry) => (
                <OperationView key={entry.id} document={now.document} entry={entry} />
              ))}
            </section>
          ))}
        </>
      );
  }
}

function Navigation({ groups }: { groups: Group[] }) {
  return (
    <header class="side">
      <a class="brand" href="/">
        <img src="/favicon.svg" width="26" height="26" alt="" />
        Edgedesk
      </a>
      <input
        type="search"
        placeholder="Search operations"
        aria-label="Search operations"
        value={query.value}
        onInput={(event) => {
          query.value = event.currentTarget.value;
        }}
      />
      <nav aria-label="Operations">
        {groups.map((group) => (
          <div key={group.name}>
            <a class="nav-group" href={`#tag-${group.name}`}>
              {group.name}
            </a>
            <ul>
              {group.entries.map((entry) => (
                <li key={entry.id}>
                  <a href={`#${entry.id}`}>
                    <span class={`method ${entry.method}`}>{entry.method}</span>
                    <span class="nav-path">{entry.path.replace('/api/v1', '')}</span>
                  </a>
                </li>
              ))}
            </ul>
          </div>
        ))}
        <a class="nav-group" href="#frames">
          frames
        </a>
        <a class="nav-group" href="#errors">
          errors
        </a>
      </nav>
      <button type="button" class="button ghost" onClick={() => setTheme(nextTheme())}>
        Theme: {theme.value}
      </button>
    </header>
  );
}

const root = document.getElementById('app');
if (root) render(<Page />, root);
void load();

// The browser looked for the fragment before there was anything to find.
const stop = effect(() => {
  if (loaded.value.state !== 'ready') return;
  setTimeout(() => {
    stop();
    if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }, 0);
});
