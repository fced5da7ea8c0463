import { useEffect } from 'preact/hooks';
import type { SecondFactorRule } from '../../../shared/security';
import { mayRunAccount } from '../api/session';
import { secondFactor } from '../state/second-factor';
import {
  changeRule,
  changingRule,
  leaveSecondFactorRule,
  loadSecondFactorRule,
  secondFactorRule,
} from '../state/second-factor-rule';
import { Question } from './question';

/** Whether the account wants a second factor of whoever runs it. Where it cannot be read, it is not there. */
export function SecondFactorRuleCard() {
  const may = mayRunAccount.value;
  // What is one's own may have changed above.
  const since = secondFactor.value.value?.since;
  useEffect(() => {
    if (may) void loadSecondFactorRule();
  }, [may, since]);
  useEffect(() => leaveSecondFactorRule, []);
  const known = secondFactorRule.value.value;
  if (!may || !known) return null;
  return (
    <section class="card" aria-labelledby="second-factor-rule-title">
      <header class="card-head">
        <h3 id="second-factor-rule-title">Second factors in this account</h3>
        <span class={`chip status ${known.required ? 'resolved' : ''}`}>
          {known.required ? 'Required' : 'Optional'}
        </span>
      </header>
      <p>
        {known.required
          ? 'Admins and owners need a second factor before they run the account. '
          : 'Admins and owners may run the account with their password alone. '}
        {without(known)}
      </p>
      {!known.required && known.own_missing && <p>Turn on your own first, or you would lock yourself out.</p>}
      <div class="editor-actions">
        <button
          type="button"
          class={known.required ? 'button danger' : 'button primary'}
          disabled={!known.required && known.own_missing}
          onClick={() => {
            changingRule.value = true;
          }}
        >
          {known.required ? 'Do not require them' : 'Require them'}
        </button>
      </div>
      {changingRule.value && <ChangeDialog known={known} />}
    </section>
  );
}

function ChangeDialog({ known }: { known: SecondFactorRule }) {
  return (
    <Question
      title={known.required ? 'Do without second factors?' : 'Require second factors?'}
      keep="Leave it as it is"
      act={known.required ? 'Do without' : 'Require them'}
      acting="Saving…"
      onCancel={() => {
        changingRule.value = false;
      }}
      onAct={() => void changeRule(!known.required)}
    >
      {known.required
        ? 'A password alone will be enough to run this account, for everybody who has no second factor.'
        : `Within seconds, admins and owners without one can do nothing but answer customers until they turn one on. ${without(known)}`}
    </Question>
  );
}

function without(known: SecondFactorRule): string {
  if (known.n_without === 0) return 'All of them have one.';
  return known.n_without === 1 ? 'One of them has none.' : `${known.n_without} of them have none.`;
}
