import { useEffect, useRef } from 'preact/hooks';
import { duration } from '../state/clock';
import {
  counters,
  firstPageComing,
  listState,
  loadFirst,
  loadingMore,
  loadMore,
  moreFailed,
  nextCursor,
} from '../state/desk';
import { changeFilters, currentView, filters, type StatusFilter, shown, type WhoFilter } from '../state/filters';
import { openId } from '../state/router';
import { drawerOpen } from '../state/ui';
import { Icon } from './icon';
import { Row } from './row';
import { Empty, Failed, RowSkeletons } from './states';

export function Inbox() {
  return (
    <section class="inbox" aria-labelledby="inbox-title">
      <header class="inbox-head">
        <button
          type="button"
          class="button ghost icon-only drawer-button"
          aria-label="Open the menu"
          onClick={() => {
            drawerOpen.value = true;
          }}
        >
          <Icon name="menu" />
        </button>
        <h2 id="inbox-title">{currentView.value?.label ?? 'Conversations'}</h2>
      </header>
      <CounterStrip />
      <FilterBar />
      <List />
    </section>
  );
}

function CounterStrip() {
  const live = counters.value;
  const first = live?.first_response_mean_ms;
  const cells: { label: string; value: string; hot?: boolean }[] = [
    { label: 'Open', value: text(live?.open) },
    { label: 'Waiting', value: text(live?.waiting) },
    { label: 'Unassigned', value: text(live?.unassigned) },
    { label: 'At risk', value: text(live?.at_risk), hot: (live?.at_risk ?? 0) > 0 },
    { label: 'First reply', value: first === undefined ? '–' : duration(first) },
  ];
  return (
    <dl class="counters" aria-label="Live counters">
      {cells.map((cell) => (
        <div key={cell.label} class={cell.hot ? 'hot' : ''}>
          <dt>{cell.label}</dt>
          <dd>{cell.value}</dd>
        </div>
      ))}
    </dl>
  );
}

function text(count: number | undefined): string {
  return count === undefined ? '–' : String(count);
}

const STATUSES: [StatusFilter, string][] = [
  ['open', 'Open'],
  ['active', 'Active'],
  ['pending', 'Pending'],
  ['escalated', 'Escalated'],
  ['resolved', 'Resolved'],
  ['any', 'Any status'],
];

const PEOPLE: [WhoFilter, string][] = [
  ['anyone', 'Anyone'],
  ['mine', 'Mine'],
  ['unassigned', 'Unassigned'],
];

function FilterBar() {
  const { status, who, atRisk, query } = filters.value;
  return (
    <search class="filters">
      <div class="search">
        <Icon name="search" />
        <input
          id="search"
          type="search"
          placeholder="Search"
          aria-label="Search conversations"
          aria-keyshortcuts="/"
          value={query}
          onInput={(event) => changeFilters({ query: event.currentTarget.value })}
        />
        {query === '' && <kbd>/</kbd>}
      </div>
      <div class="filter-row">
        <select
          aria-label="Status"
          class="chip-select"
          value={status}
          onChange={(event) => changeFilters({ status: event.currentTarget.value as StatusFilter })}
        >
          {STATUSES.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
        <select
          aria-label="Assigned to"
          class="chip-select"
          value={who}
          onChange={(event) => changeFilters({ who: event.currentTarget.value as WhoFilter })}
        >
          {PEOPLE.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
        <button
          type="button"
          class="chip-toggle"
          aria-pressed={atRisk}
          onClick={() => changeFilters({ atRisk: !atRisk })}
        >
          <Icon name="flame" />
          At risk
        </button>
      </div>
    </search>
  );
}

function List() {
  const rows = shown.value;
  if (rows.length === 0 && listState.value !== 'failed' && firstPageComing.value && !moreFailed.value)
    return <RowSkeletons />;
  if (listState.value === 'failed' && rows.length === 0) {
    return (
      <Failed
        title="The inbox could not be loaded"
        detail="Nothing is lost. We keep trying in the background."
        onRetry={() => void loadFirst()}
      />
    );
  }
  return (
    <div class="rows" tabIndex={rows.length === 0 ? 0 : undefined}>
      {rows.length === 0 && !nextCursor.value && <NothingHere />}
      <ul aria-label="Conversations">
        {rows.map((conversation) => (
          <Row
            key={conversation.conversation_id}
            conversation={conversation}
            selected={openId.value === conversation.conversation_id}
          />
        ))}
      </ul>
      <More count={rows.length} />
    </div>
  );
}

function NothingHere() {
  const { query, status, who, atRisk } = filters.value;
  if (query) {
    return (
      <Empty icon="search" title={`Nothing matches “${query}”`}>
        <button type="button" class="button" onClick={() => changeFilters({ query: '' })}>
          Clear the search
        </button>
      </Empty>
    );
  }
  if (atRisk)
    return (
      <Empty icon="check" title="Nobody is at risk" children={<p>No open conversation is heading for trouble.</p>} />
    );
  if (who === 'mine')
    return (
      <Empty icon="user" title="Nothing is assigned to you" children={<p>Press A on a conversation to take it.</p>} />
    );
  if (status === 'resolved') return <Empty icon="check" title="Nothing resolved yet" />;
  return <Empty icon="inbox" title="All caught up" children={<p>New conversations appear here by themselves.</p>} />;
}

/** The end of the list; asks for the next page when it comes into sight, and again while a filter leaves too little. */
function More({ count }: { count: number }) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!end.current || !nextCursor.value || moreFailed.value) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) void loadMore();
      },
      { rootMargin: '300px' },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [nextCursor.value, moreFailed.value, count]);

  return (
    <div ref={end} class="more" role="status">
      {loadingMore.value && 'Loading more…'}
      {moreFailed.value && (
        <button type="button" class="button" onClick={() => void (nextCursor.value ? loadMore() : loadFirst())}>
          <Icon name="retry" />
          Load more
        </button>
      )}
    </div>
  );
}
