/** Everything the widget says, in one place. */
export const WORDS = {
  open: 'Open chat',
  close: 'Close chat',
  unread: (n: number) => (n === 1 ? '1 unread message' : `${n} unread messages`),
  team: 'Support',
  connecting: 'Connecting…',
  connected: 'Connected',
  offline: 'Offline',
  unavailable: 'Not available',
  welcome: 'Hi there!',
  welcomeText: 'Ask us anything. Your messages are still here when you come back.',
  log: 'Messages',
  conversation: 'Conversation',
  composer: 'Write a message',
  placeholder: 'Write a message…',
  placeholderResolved: 'Write again to reopen…',
  send: 'Send message',
  jump: 'Jump to the newest message',
  you: 'You',
  typing: (name: string) => `${name} is typing`,
  today: 'Today',
  yesterday: 'Yesterday',
  sending: 'Sending…',
  waiting: 'Waiting for connection',
  sent: 'Sent',
  seen: 'Seen',
  failed: 'Not sent.',
  tooLong: 'Too long to send.',
  retry: 'Try again',
  remove: 'Delete',
  resolved: (name: string | undefined) =>
    name ? `${name} marked this conversation as resolved.` : 'This conversation was marked as resolved.',
  resolvedHint: 'Write again and it opens again.',
  reopened: 'The conversation is open again.',
  bannerOffline: 'You are offline. What you write is kept and sent when you are back.',
  warnOrigin: (origin: string) =>
    `Edgedesk: ${origin} may not open this chat. Add it to the allowed origins of the inbox.`,
  warnInbox: (key: string) => `Edgedesk: no chat inbox has the key ${JSON.stringify(key)}. Check data-inbox.`,
  bannerOrigin: 'Chat is not available on this website.',
  bannerInbox: 'Chat is not set up correctly on this website.',
  limit: (bytes: number, limit: number) => `${kilobytes(bytes)} of ${kilobytes(limit)} kB`,
};

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(1);
}
