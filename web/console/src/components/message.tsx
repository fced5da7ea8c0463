import { NO_TEXT } from '../../../shared/wire';
import { clockTime, fullTime } from '../state/clock';
import { actorName } from '../state/names';
import type { Pending } from '../state/outgoing';
import { showSources } from '../state/sources';
import type { Mood, Thread } from '../state/thread';
import type { MessageEntry } from '../state/timeline';
import { whyId } from '../state/why';
import { Attachments } from './attachments';
import { Avatar } from './avatar';
import { Icon } from './icon';
import { MarkedText } from './marked-text';
import { Reading } from './reading';
import { actorId } from './thread-header';

interface Props {
  entry: MessageEntry;
  mood: Mood | undefined;
  customer: string;
  thread: Thread;
}

/** Texts are text: Preact escapes them, and nothing here ever takes HTML. */
export function MessageBubble({ entry, mood, customer, thread }: Props) {
  const { message, joined } = entry;
  const incoming = message.direction === 'incoming';
  const note = message.direction === 'note';
  const name =
    incoming && message.author.kind === 'customer' ? (message.author.name ?? customer) : actorName(message.author);
  const id = message.message_id;
  const files = message.attachments ?? [];
  const explained = whyId.value === id && mood !== undefined && mood !== 'failed';
  return (
    <li
      class={`message ${message.direction} ${joined ? 'joined' : ''} ${explained ? 'explained' : ''}`}
      data-seq={message.seq}
      data-message={id}
    >
      {incoming &&
        (joined ? <span class="avatar-gap" /> : <Avatar id={actorId(message.author)} name={name} size="s" />)}
      <div class="message-main">
        {!joined && (
          <p class="message-head">
            <span class="message-name">{name}</span>
            {note && (
              <span class="note-mark">
                <Icon name="lock" />
                Private note
              </span>
            )}
            <time dateTime={message.at} title={fullTime(message.at)}>
              {clockTime(message.at)}
            </time>
          </p>
        )}
        {(files.length === 0 || message.text !== NO_TEXT) && (
          <p class="bubble" dir="auto">
            {explained ? <MarkedText text={message.text} analysis={mood} /> : message.text}
          </p>
        )}
        {message.citations && message.citations.length > 0 && (
          <button
            type="button"
            class="suggestion-sources"
            onClick={() => showSources({ title: 'What the assistant said', citations: message.citations ?? [] })}
          >
            <Icon name="quote" />
            {message.citations.length === 1 ? '1 source' : `${message.citations.length} sources`}
          </button>
        )}
        {files.length > 0 && <Attachments files={files} conversationId={thread.id} />}
        {incoming && message.author.kind === 'customer' && <Reading mood={mood} messageId={id} thread={thread} />}
      </div>
    </li>
  );
}

/** A message of ours on its way. */
export function PendingBubble({ message, thread }: { message: Pending; thread: Thread }) {
  const failed = message.state === 'failed';
  return (
    <li class={`message ${message.mode === 'note' ? 'note' : 'outgoing'} pending ${failed ? 'failed' : ''}`}>
      <div class="message-main">
        {message.text !== '' && (
          <p class="bubble" dir="auto">
            {message.text}
          </p>
        )}
        {message.files.map((file) => (
          <p key={file.id} class="attachment">
            <Icon name="file" />
            <span class="attachment-name">{file.name}</span>
          </p>
        ))}
        <p class="message-state" role={failed ? 'alert' : undefined}>
          {failed ? (
            <>
              <Icon name="alert" />
              <span>Not sent. {message.error}</span>
              <button type="button" onClick={() => thread.outgoing.retry(message.clientId)}>
                Try again
              </button>
              <button type="button" onClick={() => thread.outgoing.discard(message.clientId)}>
                Discard
              </button>
            </>
          ) : message.state === 'sent' ? (
            'Sent'
          ) : (
            'Sending…'
          )}
        </p>
      </div>
    </li>
  );
}
