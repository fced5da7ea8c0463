import { useEffect, useState } from 'preact/hooks';
import type { Generators, GeneratorUsage } from '../../../shared/generators';
import { mayRunAccount } from '../api/session';
import { dollars, saveGenerators } from '../state/generators';
import { reasonOf } from '../state/reason-of';
import { onePane } from '../state/ui';
import { Icon } from './icon';

/** The switch and the budget. Managers see them; who runs the account sets them. */
export function GeneratorSettingsCard({ known }: { known: Generators }) {
  const { is_on, monthly_budget_micro_dollars } = known.settings;
  const savedBudget = String(monthly_budget_micro_dollars / 1_000_000);
  const [isOn, setOn] = useState(is_on);
  const [budget, setBudget] = useState(savedBudget);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  useEffect(() => {
    setOn(is_on);
    setBudget(savedBudget);
  }, [is_on, savedBudget]);
  const may = mayRunAccount.value;
  const save = async () => {
    if (busy) return;
    setBusy(true);
    setError('');
    try {
      await saveGenerators(isOn, budget);
    } catch (failure) {
      setError(
        reasonOf(failure, failure instanceof Error ? failure.message : 'Nothing was changed. Please try again.'),
      );
    }
    setBusy(false);
  };
  return (
    <section class="card" aria-labelledby="generator-settings-title">
      <header class="card-head">
        <h3 id="generator-settings-title">Drafts by generators</h3>
        <span class={`chip status ${is_on ? 'resolved' : ''}`}>{is_on ? 'On' : 'Off'}</span>
      </header>
      <form
        class="editor"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <p id="generators-hint">
          Switched on, the message, what was said before and the articles that fit are sent to the providers below.
          E-mail addresses, phone, card and account numbers and the known names are replaced before anything leaves.
          Switched off, over the budget, or when nobody answers, the built-in composer writes the draft.
        </p>
        <label class="check">
          <input
            type="checkbox"
            checked={isOn}
            disabled={!may}
            aria-describedby="generators-hint"
            onChange={(event) => setOn(event.currentTarget.checked)}
          />
          <span>Have generators write drafts</span>
        </label>
        <label>
          <span>Budget for a calendar month, in dollars</span>
          <input
            type="text"
            inputMode="decimal"
            value={budget}
            disabled={!may}
            aria-describedby={error ? 'generators-error' : undefined}
            onInput={(event) => setBudget(event.currentTarget.value)}
          />
        </label>
        <div role="alert">
          {error && (
            <p class="form-error" id="generators-error">
              <Icon name="alert" />
              {error}
            </p>
          )}
        </div>
        {may && (
          <div class="editor-actions">
            <button
              type="submit"
              class="button primary"
              disabled={busy || (isOn === is_on && budget.trim() === savedBudget)}
            >
              {busy ? 'Saving…' : 'Save'}
            </button>
          </div>
        )}
      </form>
    </section>
  );
}

/** Who is asked, in order. */
export function GeneratorProvidersCard({ known }: { known: Generators }) {
  return (
    <section class="card" aria-labelledby="generator-providers-title">
      <header class="card-head">
        <h3 id="generator-providers-title">Providers, in order</h3>
      </header>
      {known.is_misconfigured && (
        <p class="form-error">
          <Icon name="alert" />
          The configuration of providers cannot be read, so nobody is asked. The log of the jobs Worker says what is
          wrong.
        </p>
      )}
      {known.providers.length === 0 ? (
        <p class="card-empty">
          No provider is configured. Whoever runs this deployment sets <code>GENERATORS</code> of the jobs Worker, and
          the key of each provider as a secret; docs/API.md has the fields. Until then the built-in composer writes
          every draft.
        </p>
      ) : (
        <ol class="generator-providers">
          {known.providers.map((provider) => (
            <li key={provider.name}>
              <strong>{provider.name}</strong> {provider.model}
              {provider.is_inside && ' · a server of this deployment, not masked'}
              {!provider.is_ready && ' · its key is missing, so it is not asked'}
            </li>
          ))}
          <li>
            <strong>Built-in composer</strong> sends nothing, costs nothing
          </li>
        </ol>
      )}
    </section>
  );
}

/** What it cost, month by month. */
export function GeneratorUsageCard({ known }: { known: GeneratorUsage }) {
  return (
    <section class="card" aria-labelledby="generator-usage-title">
      <header class="card-head">
        <h3 id="generator-usage-title">Usage</h3>
        <span class="card-figure">{dollars(known.left_micro_dollars)} left</span>
      </header>
      <p>
        {dollars(known.spent_micro_dollars)} spent in {known.month} (UTC)
        {known.held_micro_dollars > 0 && `, ${dollars(known.held_micro_dollars)} held for drafts under way`}.
      </p>
      {known.usage.length === 0 ? (
        <p class="card-empty">No generator has been asked yet.</p>
      ) : (
        <section
          class="table-scroll"
          aria-label="Usage by month, provider and model"
          // In a narrow window it scrolls, and must be reachable by keyboard.
          tabIndex={onePane.value ? 0 : undefined}
        >
          <table class="accuracy">
            <thead>
              <tr>
                <th scope="col">Month</th>
                <th scope="col">Provider</th>
                <th scope="col">Model</th>
                {['Requests', 'Tokens read', 'Tokens written', 'Cost'].map((name) => (
                  <th key={name} scope="col" class="number">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {known.usage.map((row) => (
                <tr key={`${row.month} ${row.provider} ${row.model}`}>
                  <th scope="row">{row.month}</th>
                  <td>{row.provider}</td>
                  <td>{row.model}</td>
                  <td class="number">{row.n_requests.toLocaleString('en-US')}</td>
                  <td class="number">{row.input_tokens.toLocaleString('en-US')}</td>
                  <td class="number">{row.output_tokens.toLocaleString('en-US')}</td>
                  <td class="number">
                    {dollars(row.micro_dollars)}
                    {row.n_estimates > 0 && ` (${row.n_estimates} estimated)`}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}
