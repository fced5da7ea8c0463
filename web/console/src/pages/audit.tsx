import { useEffect, useRef, useState } from 'preact/hooks';
import type { AuditEntry } from '../../../shared/audit';
import { type AuditFilter, listAudit, listAuditFrom, listAuditRoots } from '../api/audit';
import { Icon } from '../components/icon';
import { Page, PageSkeleton } from '../components/page';
import { Empty, Failed } from '../components/states';
import { type Broken, type Flaw, type Verified, verifyLog } from '../state/audit-chain';
import { fullTime } from '../state/clock';
import { agents } from '../state/desk';
import { agentFullName } from '../state/names';
import { onePane } from '../state/ui';

const NO_FILTER: AuditFilter = { actor: '', action: '', resource: '', from: '', to: '' };

/** What is most asked for; any other action can be typed. */
const ACTIONS = [
  'login.succeeded',
  'login.failed',
  'messages.read',
  'message.sent',
  'conversation.joined',
  'conversation.assigned',
  'conversation.team_changed',
  'customer.anonymisation_requested',
  'customer.anonymised',
  'customer.erased',
  'customer.erasure_cancelled',
  'customer.erasure_requested',
  'customer.erasure_scheduled',
  'conversation.status_changed',
  'decision.read',
  'analysis.corrected',
  'intent.created',
  'intent.changed',
  'intent.deleted',
  'deliveries.read',
  'audit_log.read',
  'refresh_token.reused',
  'room_join.refused',
  'address.refused',
  'zero_trust.refused',
  'foreign_row.withheld',
];

/** Milliseconds without a key before what was typed is asked for. */
const TYPING_MS = 300;

/** Who did what, and whether the log of it is as it was written. */
export function AuditPage() {
  const [filter, setFilter] = useState(NO_FILTER);
  const [entries, setEntries] = useState<AuditEntry[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [failed, setFailed] = useState(false);
  const [loading, setLoading] = useState(false);
  const [attempt, setAttempt] = useState(0);
  // Answers to a question that is not asked any more are dropped.
  const question = useRef(0);

  const load = (after: string | null) => {
    const asked = question.current;
    setLoading(true);
    listAudit(filter, after).then(
      (page) => {
        if (asked !== question.current) return;
        setEntries((before) => (after && before ? [...before, ...page.entries] : page.entries));
        setCursor(page.next_cursor ?? null);
        setFailed(false);
        setLoading(false);
      },
      () => {
        if (asked !== question.current) return;
        setFailed(true);
        setLoading(false);
      },
    );
  };
  useEffect(() => {
    const timer = setTimeout(() => load(null), filter === NO_FILTER ? 0 : TYPING_MS);
    return () => {
      clearTimeout(timer);
      question.current += 1;
    };
  }, [filter, attempt]);

  const isFiltered = Object.values(filter).some((value) => value !== '');
  return (
    <Page
      title="Audit log"
      lead="Who did what, and who read what customers wrote. Every entry holds the hash of the one before, so nobody can change it unnoticed."
      tools={<Verify />}
    >
      <Filters filter={filter} change={(part) => setFilter({ ...filter, ...part })} />
      {failed ? (
        <Failed
          title="The audit log could not be loaded"
          detail="Nothing is lost. Please try again."
          onRetry={() => {
            setFailed(false);
            setAttempt(attempt + 1);
          }}
        />
      ) : entries === null ? (
        <PageSkeleton what="the audit log" />
      ) : entries.length === 0 ? (
        <section class="card">
          <Empty icon="history" title={isFiltered ? 'No entry matches' : 'Nothing has happened yet'}>
            {isFiltered ? (
              <button type="button" class="button" onClick={() => setFilter(NO_FILTER)}>
                Show all entries
              </button>
            ) : (
              <p>Logins, changes and access to conversations will be listed here.</p>
            )}
          </Empty>
        </section>
      ) : (
        <section class="card" aria-label="Entries" aria-busy={loading}>
          <Entries entries={entries} />
          {cursor && (
            <button type="button" class="button audit-more" disabled={loading} onClick={() => load(cursor)}>
              {loading ? 'Loading…' : 'Show older entries'}
            </button>
          )}
        </section>
      )}
    </Page>
  );
}

function Filters({ filter, change }: { filter: AuditFilter; change: (part: Partial<AuditFilter>) => void }) {
  return (
    <form class="audit-filters" aria-label="Filter the entries" onSubmit={(event) => event.preventDefault()}>
      <label>
        Who
        <select value={filter.actor} onChange={(event) => change({ actor: event.currentTarget.value })}>
          <option value="">Everybody</option>
          {agents.value.map((agent) => (
            <option key={agent.id} value={agent.id}>
              {agent.name}
            </option>
          ))}
          <option value="system">Edgedesk itself</option>
          <option value="anonymous">Not logged in</option>
        </select>
      </label>
      <label>
        Action
        <input
          list="audit-actions"
          placeholder="Any"
          value={filter.action}
          onInput={(event) => change({ action: event.currentTarget.value.trim() })}
        />
        <datalist id="audit-actions">
          {ACTIONS.map((action) => (
            <option key={action} value={action} />
          ))}
        </datalist>
      </label>
      <label>
        Resource
        <input
          placeholder="Id, such as cnv_…"
          value={filter.resource}
          onInput={(event) => change({ resource: event.currentTarget.value.trim() })}
        />
      </label>
      <label>
        From
        <input type="date" value={filter.from} onInput={(event) => change({ from: event.currentTarget.value })} />
      </label>
      <label>
        To
        <input type="date" value={filter.to} onInput={(event) => change({ to: event.currentTarget.value })} />
      </label>
    </form>
  );
}

function Entries({ entries }: { entries: AuditEntry[] }) {
  return (
    <section
      class="table-scroll"
      aria-label="Audit log, newest first"
      // In a narrow window it scrolls, and must be reachable by keyboard.
      tabIndex={onePane.value ? 0 : undefined}
    >
      <table class="accuracy audit">
        <thead>
          <tr>
            <th scope="col">Entry</th>
            <th scope="col">When</th>
            <th scope="col">Who</th>
            <th scope="col">Action</th>
            <th scope="col">Resource</th>
            <th scope="col">Outcome</th>
            <th scope="col">Network</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.seq}>
              <th scope="row" title={`SHA-256 ${entry.hash}`}>
                {entry.seq}
              </th>
              <td>
                <time dateTime={entry.at}>{fullTime(entry.at)}</time>
              </td>
              <td>{actorName(entry)}</td>
              <td>
                <code>{entry.action}</code>
              </td>
              <td title={entry.resource.id ?? undefined}>
                {entry.resource.kind.replaceAll('_', ' ')}
                {entry.resource.id && <code> …{entry.resource.id.slice(-6)}</code>}
              </td>
              <td class={`outcome ${entry.outcome}`}>{entry.outcome}</td>
              <td>{entry.ip ?? <span class="zero">–</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function actorName({ actor }: AuditEntry): string {
  switch (actor.kind) {
    case 'user':
      return agentFullName(actor.id);
    case 'api_key':
      return `API key …${actor.id.slice(-6)}`;
    case 'system':
      return 'Edgedesk';
    case 'anonymous':
      return 'Not logged in';
  }
}

type Check =
  | { state: 'idle' }
  | { state: 'running'; checked: number; total: number }
  | { state: 'failed' }
  | { state: 'done'; result: Verified | Broken };

/** Checks the whole log in this browser, entry by entry. */
function Verify() {
  const [check, setCheck] = useState<Check>({ state: 'idle' });
  const run = async () => {
    setCheck({ state: 'running', checked: 0, total: 0 });
    try {
      const result = await verifyLog(listAuditRoots, listAuditFrom, (checked, total) =>
        setCheck({ state: 'running', checked, total }),
      );
      setCheck({ state: 'done', result });
    } catch {
      setCheck({ state: 'failed' });
    }
  };
  return (
    <div class="audit-verify">
      <button type="button" class="button" disabled={check.state === 'running'} onClick={() => void run()}>
        <Icon name="lock" />
        Verify
      </button>
      <div role="status">
        <CheckResult check={check} />
      </div>
    </div>
  );
}

function CheckResult({ check }: { check: Check }) {
  switch (check.state) {
    case 'idle':
      return null;
    case 'running':
      return <p>{check.total > 0 ? `${check.checked} of ${check.total} entries checked…` : 'Reading the log…'}</p>;
    case 'failed':
      return <p class="audit-broken">The log could not be read. Please try again.</p>;
    case 'done': {
      const { result } = check;
      if (!('flaw' in result))
        return (
          <p class="audit-whole" title={result.headHash}>
            <Icon name="check" />
            {result.entries} entries of {result.days} {result.days === 1 ? 'day' : 'days'} are as they were written.
          </p>
        );
      return (
        <p class="audit-broken">
          <Icon name="alert" />
          {'day' in result
            ? `The entries of ${result.day} are not those that its root was made of.`
            : `The log is broken at entry ${result.seq}: ${FLAWS[result.flaw]}.`}
        </p>
      );
    }
  }
}

const FLAWS: Record<Flaw, string> = {
  version: 'its format is unknown',
  account: 'it is another account’s',
  seq: 'another one stands in its place',
  time: 'it is earlier than the one before',
  previous_hash: 'it does not follow the one before',
  hash: 'it was changed',
  missing: 'it is not there',
};
