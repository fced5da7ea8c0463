/** Adds the widget's script tag, as a shop would write it into its page, with the key of the address bar. */
const inboxKey = new URLSearchParams(location.search).get('inbox_key');

if (inboxKey) {
  const script = document.createElement('script');
  script.async = true;
  script.src = '/widget.js';
  script.dataset.inbox = inboxKey;
  script.dataset.color = '#12573f';
  document.head.append(script);
} else {
  document.getElementById('note')?.removeAttribute('hidden');
}
