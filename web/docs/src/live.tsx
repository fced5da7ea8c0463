import { Code } from './operation';

// What an OpenAPI document cannot say; the long form is docs/API.md in the repository.

const ERRORS: [string, string, string][] = [
  [
    '400',
    'malformed_json, invalid_body, invalid_query',
    'The body is no JSON (the position is in errors), or not of the right shape.',
  ],
  [
    '401',
    'invalid_signature, unauthenticated, invalid_credentials',
    'A signature, token or ticket is missing, wrong, stale, expired or used.',
  ],
  [
    '403',
    'forbidden, origin_not_allowed',
    'The role may not, or the origin of the page is not on the list of the inbox.',
  ],
  ['404', 'not_found', 'No such route or thing, or it is of another account.'],
  ['405', 'method_not_allowed', 'With Allow.'],
  ['409', 'illegal_transition, agent_at_max_load', 'It cannot go there from where it is.'],
  ['413', 'body_too_large, text_too_long', 'A hook takes 1 MB, the text of a message 100 kB.'],
  ['415', 'unsupported_media_type', 'The body is not application/json.'],
  ['426', 'upgrade_required', 'A socket without an upgrade.'],
  ['503', 'unavailable', 'With Retry-After; nothing was stored.'],
];

const EVENTS: [string, string, string][] = [
  ['conversation.created', 'yes', 'inbox, channel, customer, subject'],
  ['conversation.status_changed', 'yes', 'previous, current, by'],
  ['conversation.assigned', 'no', 'previous, current, by, team_id?'],
  ['conversation.team_changed', 'no', 'previous, current, by'],
  ['conversation.read', 'yes', 'reader, read_seq'],
  ['message.created', 'unless a note', 'message_id, direction, author, text, client_id?, external_id?'],
  ['message.analyzed', 'no', 'message_id, message_seq, analysis'],
  ['analysis.failed', 'no', 'message_id, failures, gave_up, code'],
  ['escalation.detected', 'no', 'message_id, risk, reasons'],
  ['ticket.opened, ticket.updated', 'no', 'number; status, priority and assignee at the provider'],
  ['customer.updated', 'no', 'name, e-mail, subject'],
  ['provider_event.received', 'no', 'type and payload of what changes nothing here'],
];

const TO_CONVERSATION = `{"type":"resume","seq":17}
{"type":"message.send","client_id":"c-1","data":{"text":"Hello"}}
{"type":"message.send","client_id":"c-2","data":{"text":"Known bug","note":true}}
{"type":"typing.start"}
{"type":"typing.stop"}
{"type":"read","seq":18}`;

const FROM_CONVERSATION = `{"type":"message.created","id":"evt_…","seq":12,
 "conversation_id":"cnv_…","at":"2026-01-08T10:12:07.672Z",
 "data":{"message_id":"msg_…","direction":"incoming",
  "author":{"kind":"customer","id":"cus_…"},"text":"Hello"}}
{"type":"ack","client_id":"c-1","seq":13,"id":"evt_…","message_id":"msg_…"}
{"type":"resumed","seq":18}
{"type":"error","client_id":"c-1",
 "data":{"code":"invalid_text","detail":"the text is empty"}}`;

const PROBLEM = `{"type":"about:blank","title":"Bad Request","status":400,
 "code":"malformed_json","detail":"expected \`,\` or \`}\`",
 "request_id":"req_…",
 "errors":[{"pointer":"line 1 column 18","detail":"expected \`,\` or \`}\`"}]}`;

export function LiveAndErrors() {
  return (
    <>
      <section class="group" id="frames" aria-labelledby="frames-title">
        <h2 id="frames-title">Frames</h2>
        <div class="operation">
          <div class="operation-text">
            <p>
              A socket carries one JSON object per frame, both ways. Agents open it with a single-use ticket from
              <code> POST /api/v1/socket-tickets</code>, visitors with the token of their session. The text{' '}
              <code>ping</code> is answered <code>pong</code>.
            </p>
            <p>
              Logged events travel exactly as they stand in the log, numbered by <code>seq</code> without a gap. After a
              drop, <code>resume</code> with the last <code>seq</code> you have brings every later event, then{' '}
              <code>resumed</code>. <code>message.send</code> is answered by <code>ack</code> once the message is in the
              log; the same <code>client_id</code> again is acked again and logged once.
            </p>
            <Table head={['type', 'customers see it', 'data']} rows={EVENTS} />
          </div>
          <div class="operation-code">
            <Code title="To a conversation" text={TO_CONVERSATION} />
            <Code title="From a conversation" text={FROM_CONVERSATION} />
          </div>
        </div>
      </section>
      <section class="group" id="errors" aria-labelledby="errors-title">
        <h2 id="errors-title">Errors</h2>
        <div class="operation">
          <div class="operation-text">
            <p>
              Every refusal is <code>application/problem+json</code> (RFC 9457). Switch on <code>code</code>; quote{' '}
              <code>request_id</code> when you ask us.
            </p>
            <Table head={['status', 'code', 'when']} rows={ERRORS} />
          </div>
          <div class="operation-code">
            <Code title="A problem" text={PROBLEM} />
          </div>
        </div>
      </section>
    </>
  );
}

function Table({ head, rows }: { head: [string, string, string]; rows: [string, string, string][] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard.
    <div class="table" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {head.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([first, second, third]) => (
            <tr key={first}>
              <td>
                <code>{first}</code>
              </td>
              <td>{second}</td>
              <td>{third}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
