import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { clockTime, dayName, now } from '../state/clock';
import { actorName } from '../state/names';
import type { Thread } from '../state/thread';
import { type Entry, entriesOf } from '../state/timeline';
import { Icon } from './icon';
import { MessageBubble, PendingBubble } from './message';

/** Nearer to the end than this, in pixels, the view follows new messages. */
const NEAR_END_PX = 120;

export function Timeline({ thread, customer }: { thread: Thread; customer: string }) {
  const scroller = useRef<HTMLElement>(null);
  const atEnd = useRef(true);
  const [behind, setBehind] = useState(false);
  const entries = entriesOf(thread.messages.value, thread.changes.value, now.value);
  const pending = thread.outgoing.pending.value;
  const writing = thread.writing.value;
  const nMessages = thread.messages.value.length + pending.length;
  const lastIncoming = thread.messages.value.findLast((message) => message.direction === 'outgoing');
  const readByCustomer = (thread.conversation.value?.customer_read_seq ?? 0) >= (lastIncoming?.seq ?? Infinity);

  const toEnd = () => {
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
    atEnd.current = true;
    setBehind(false);
  };
  useLayoutEffect(() => {
    if (atEnd.current) toEnd();
  }, [thread, entries.length, pending.length, writing, thread.moods.value]);
  useEffect(() => {
    if (pending.at(-1)?.state === 'sending') toEnd();
    else if (!atEnd.current) setBehind(true);
  }, [nMessages]);

  return (
    <div class="thread-body">
      <section
        class="thread-scroll"
        ref={scroller}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard.
        tabIndex={0}
        aria-label="Messages"
        onScroll={(event) => {
          const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
          atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
          if (atEnd.current) setBehind(false);
        }}
      >
        <ol class="timeline">
          {entries.map((entry) => (
            <EntryView key={entry.key} entry={entry} thread={thread} customer={customer} />
          ))}
          {pending.map((message) => (
            <PendingBubble key={message.clientId} message={message} thread={thread} />
          ))}
        </ol>
        {lastIncoming && readByCustomer && pending.length === 0 && entries.at(-1)?.key === lastIncoming.message_id && (
          <p class="seen">
            <Icon name="check-double" /> Seen by the customer
          </p>
        )}
        <p class="writing" role="status">
          {writing && (
            <>
              <span class="dots" aria-hidden="true">
                <i />
                <i />
                <i />
              </span>
              {writing.kind === 'customer' ? customer : actorName(writing)} is writing…
            </>
          )}
        </p>
      </section>
      {behind && (
        <button type="button" class="button to-end" onClick={toEnd}>
          <Icon name="chevron" />
          New messages
        </button>
      )}
    </div>
  );
}

function EntryView({ entry, thread, customer }: { entry: Entry; thread: Thread; customer: string }) {
  switch (entry.kind) {
    case 'day':
      return (
        <li class="day">
          <span>{dayName(entry.at, now.value)}</span>
        </li>
      );
    case 'change':
      return (
        <li class={`change ${entry.alert ? 'alert' : ''}`}>
          <Icon name={entry.icon} />
          <span>{entry.text}</span>
          <time dateTime={entry.at}>{clockTime(entry.at)}</time>
        </li>
      );
    case 'message':
      return (
        <MessageBubble
          entry={entry}
          mood={thread.moods.value.get(entry.message.message_id)}
          customer={customer}
          thread={thread}
        />
      );
  }
}
