import type { Session } from '../../../shared/sessions';
import { fullTime } from '../state/clock';
import { ending, nameOf } from '../state/sessions';

export function SessionList({ sessions }: { sessions: Session[] }) {
  const others = sessions.filter((session) => !session.current);
  return (
    <section class="card list-card" aria-labelledby="sessions-title">
      <header class="card-head">
        <h3 id="sessions-title">
          Sessions <span class="card-count">{sessions.length}</span>
        </h3>
        <button
          type="button"
          class="button danger"
          onClick={() => {
            ending.value = 'all';
          }}
        >
          Sign out everywhere
        </button>
      </header>
      <ul class="intents">
        {[...sessions.filter((session) => session.current), ...others].map((session) => (
          <SessionRow key={session.id} session={session} />
        ))}
      </ul>
      {others.length === 0 && <p class="empty-text">You are signed in nowhere else.</p>}
    </section>
  );
}

function SessionRow({ session }: { session: Session }) {
  const name = nameOf(session);
  return (
    <li class="intent session">
      <div class="intent-main">
        <span class="key-name">{name}</span>
        <span class="intent-counts">
          Signed in {fullTime(session.created_at)} · last used {fullTime(session.last_used_at)}
          {session.network && ` · from ${session.network}`}
        </span>
      </div>
      {session.current ? (
        <span class="chip status resolved">This device</span>
      ) : (
        <button
          type="button"
          class="button ghost danger"
          aria-label={`Sign out ${name}, signed in ${fullTime(session.created_at)}`}
          onClick={() => {
            ending.value = session;
          }}
        >
          Sign out
        </button>
      )}
    </li>
  );
}
