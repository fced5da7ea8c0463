import { useEffect } from 'preact/hooks';
import type { Gap, GapRun } from '../../../shared/gaps';
import { STATE_NAMES } from '../state/articles';
import { fullTime } from '../state/clock';
import {
  asking,
  bringBack,
  dismiss,
  dismissedShown,
  gaps,
  isLooking,
  loadGaps,
  lookNow,
  showDismissed,
  watchGaps,
} from '../state/gaps';
import { articleHref, conversationHref } from '../state/router';
import { Icon } from './icon';
import { PageSkeleton } from './page';
import { Empty, Failed } from './states';

/** Groups of questions without an article, with the draft that was made of each. */
export function GapList() {
  useEffect(() => watchGaps(), []);
  const list = gaps.value.value;
  if (!list) {
    return gaps.state.value === 'failed' ? (
      <Failed
        title="The gaps could not be loaded"
        detail="Nothing has changed. Please try again."
        onRetry={() => void loadGaps()}
      />
    ) : (
      <PageSkeleton what="the gaps" />
    );
  }
  return (
    <>
      <RunState run={list.run} />
      <fieldset class="range gap-choice">
        <legend class="visually-hidden">Which gaps</legend>
        {[false, true].map((dismissed) => (
          <label key={String(dismissed)}>
            <input
              type="radio"
              name="gaps"
              checked={dismissed === dismissedShown.value}
              onChange={() => showDismissed(dismissed)}
            />
            <span>{dismissed ? 'Dismissed' : 'Without an article'}</span>
          </label>
        ))}
      </fieldset>
      {list.gaps.length === 0 ? (
        <section class="card">
          <NoGaps run={list.run} />
        </section>
      ) : (
        <section class="card list-card" aria-label="List of gaps" aria-busy={gaps.state.value === 'loading'}>
          <ul class="intents gaps">
            {list.gaps.map((gap) => (
              <Row key={gap.id} gap={gap} />
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function RunState({ run }: { run: GapRun }) {
  const { report, ended_at, problem } = run;
  return (
    <div class="index-state">
      <p role="status">
        <Icon name={run.is_running ? 'retry' : 'search'} />
        <span>
          {run.is_running
            ? 'Looking through the questions of the last 30 days'
            : report && ended_at
              ? `${report.n_questions} ${report.n_questions === 1 ? 'question' : 'questions'} of 30 days, ${report.n_unanswered} without an article`
              : 'Nobody has looked yet; it is done every night'}
        </span>
        {!run.is_running && ended_at && <span class="index-model">{fullTime(ended_at)}</span>}
      </p>
      {run.is_running && <progress aria-label="Looking for gaps" />}
      {problem && (
        <p class="bad" role="alert">
          <Icon name="alert" />
          {problem} It is tried again.
        </p>
      )}
      <button type="button" class="button" disabled={asking.value || isLooking.value} onClick={() => void lookNow()}>
        {isLooking.value ? 'Looking…' : 'Look now'}
      </button>
    </div>
  );
}

function Row({ gap }: { gap: Gap }) {
  const { article, examples } = gap;
  const name = article?.title ?? examples[0]?.text ?? 'A group of questions';
  return (
    <li class="intent gap-row">
      <div class="intent-main">
        {article ? (
          <a class="intent-name" href={articleHref(article.id)}>
            {article.title}
          </a>
        ) : (
          <span class="key-name">{name}</span>
        )}
        <span class="intent-counts">
          {gap.n_questions} {gap.n_questions === 1 ? 'question' : 'questions'} · found {fullTime(gap.found_at)}
          {article ? ` · ${STATE_NAMES[article.state].toLowerCase()}` : ' · its draft was deleted'}
          {gap.dismissed_at && ` · dismissed ${fullTime(gap.dismissed_at)}`}
        </span>
        <ul class="gap-examples" aria-label="Asked as">
          {examples.map((example) => (
            <li key={example.conversation_id}>
              <a href={conversationHref(example.conversation_id)} dir="auto">
                {example.text}
              </a>
            </li>
          ))}
        </ul>
      </div>
      {gap.dismissed_at ? (
        <button type="button" class="button" aria-label={`Bring “${name}” back`} onClick={() => void bringBack(gap)}>
          Bring back
        </button>
      ) : (
        <button type="button" class="button" aria-label={`Dismiss “${name}”`} onClick={() => void dismiss(gap)}>
          Dismiss
        </button>
      )}
    </li>
  );
}

function NoGaps({ run }: { run: GapRun }) {
  if (dismissedShown.value) return <Empty icon="book" title="Nothing was dismissed" />;
  return (
    <Empty icon="book" title={run.ended_at ? 'No gaps: what is asked often has an article' : 'No gaps are known yet'}>
      <p class="empty-text">
        Once a night the first questions of the last 30 days are compared with the published articles. Five and more
        that ask the same and have none become a draft here, for you to finish.
      </p>
    </Empty>
  );
}
