import type { PrivacyRequest } from '../../../shared/privacy';
import { mayRunAccount } from '../api/session';
import { ask, asking, takeBack, takingBack } from '../state/privacy';
import { Question } from './question';

/** What can be done with a customer's data, for those who run the account. */
export function PrivacyActions({ customerId }: { customerId: string }) {
  if (!mayRunAccount.value) return null;
  return (
    <section class="card" aria-labelledby="privacy-title">
      <h4 id="privacy-title">Customer’s data</h4>
      <p class="card-empty">When the customer asks for it.</p>
      <div class="editor-actions">
        <button
          type="button"
          class="button"
          onClick={() => {
            asking.value = { kind: 'anonymisation', customerId };
          }}
        >
          Make anonymous
        </button>
        <button
          type="button"
          class="button danger"
          onClick={() => {
            asking.value = { kind: 'erasure', customerId };
          }}
        >
          Erase
        </button>
      </div>
      {asking.value?.customerId === customerId && <AskQuestion kind={asking.value.kind} customerId={customerId} />}
    </section>
  );
}

function AskQuestion({ kind, customerId }: { kind: PrivacyRequest['kind']; customerId: string }) {
  const erases = kind === 'erasure';
  return (
    <Question
      title={erases ? 'Erase this customer?' : 'Make this customer anonymous?'}
      keep="Keep"
      act={erases ? 'Erase' : 'Make anonymous'}
      acting={erases ? 'Erasing…' : 'Masking…'}
      onCancel={() => {
        asking.value = null;
      }}
      onAct={() => void ask(kind, customerId)}
    >
      {erases
        ? 'All their conversations disappear now. For 30 days you can bring them back on the page “Privacy requests”; then everything they and you wrote is erased for good. If they write again, you see what came since.'
        : 'Their name, addresses and numbers are masked in all their conversations, now and for good. What was written stays readable. This cannot be taken back.'}
    </Question>
  );
}

export function TakeBackQuestion() {
  const request = takingBack.value;
  if (!request) return null;
  return (
    <Question
      title="Take this erasure back?"
      keep="Leave it"
      act="Take back"
      acting="Taking back…"
      onCancel={() => {
        takingBack.value = null;
      }}
      onAct={() => void takeBack(request)}
    >
      The customer’s conversations are shown again, with everything that was written.
    </Question>
  );
}
