import { useEffect, useRef } from 'preact/hooks';
import { mayWrite } from '../api/session';
import { customerName } from '../state/names';
import { closeConversation } from '../state/router';
import { openSources } from '../state/sources';
import type { Thread } from '../state/thread';
import { detailsOpen, onePane, wideDetails } from '../state/ui';
import { whyId } from '../state/why';
import { Composer } from './composer';
import { Details } from './details';
import { MoodStrip, RiskBanner } from './insight';
import { SourcesPanel } from './sources-panel';
import { Empty, Failed, ThreadSkeleton } from './states';
import { SuggestionsPanel } from './suggestions-panel';
import { ThreadHeader } from './thread-header';
import { Timeline } from './timeline';
import { WhyPanel } from './why-panel';

export function ThreadView({ thread }: { thread: Thread }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const conversation = thread.conversation.value;
  const name = customerName(conversation);

  // With one pane at a time the list, and with it the focus, has just gone.
  useEffect(() => {
    if (onePane.value) heading.current?.focus();
  }, [thread]);

  if (thread.state.value === 'missing') {
    return (
      <section class="thread" aria-label="Conversation">
        <Empty icon="search" title="There is no such conversation">
          <button type="button" class="button" onClick={closeConversation}>
            Back to the list
          </button>
        </Empty>
      </section>
    );
  }

  return (
    <>
      <section class="thread" aria-labelledby="thread-title">
        <ThreadHeader thread={thread} conversation={conversation} name={name} heading={heading} />
        {conversation && <RiskBanner conversation={conversation} thread={thread} />}
        {conversation && !wideDetails.value && <MoodStrip conversation={conversation} thread={thread} />}
        {thread.state.value === 'failed' && thread.messages.value.length === 0 ? (
          <Failed
            title="The conversation could not be loaded"
            detail="Nothing is lost. Please try again."
            onRetry={() => {
              void thread.load();
              thread.retryLive();
            }}
          />
        ) : thread.state.value === 'loading' && thread.messages.value.length === 0 ? (
          <ThreadSkeleton />
        ) : (
          <Timeline thread={thread} customer={name} />
        )}
        {conversation && <SuggestionsPanel thread={thread} />}
        {mayWrite.value ? (
          <Composer key={thread.id} thread={thread} name={name} />
        ) : (
          <p class="read-only">You may read this conversation, and not answer it.</p>
        )}
      </section>
      {whyId.value !== null ? (
        <WhyPanel thread={thread} messageId={whyId.value} />
      ) : openSources.value ? (
        <SourcesPanel thread={thread} sources={openSources.value} />
      ) : (
        conversation &&
        (wideDetails.value || detailsOpen.value) && <Details thread={thread} conversation={conversation} name={name} />
      )}
    </>
  );
}
