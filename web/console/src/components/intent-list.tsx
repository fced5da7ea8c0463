import { useEffect } from 'preact/hooks';
import type { OwnIntent } from '../../../shared/learning';
import { startEditing, startNew, takeClosed } from '../state/intent-draft';
import { figuresInUse, MIN_EXAMPLES, mayManageIntents, removeIntent, rowsOf } from '../state/own-intents';
import { Icon } from './icon';
import { percent } from './mood';
import { Empty } from './states';

/** The button that starts one. */
const NEW_INTENT = 'new-intent';

export function IntentList({ intents }: { intents: OwnIntent[] }) {
  useEffect(() => {
    const id = takeClosed();
    if (id) (document.getElementById(`intent-${id}`) ?? document.getElementById(NEW_INTENT))?.focus();
  }, []);
  if (intents.length === 0) return <NoIntents />;
  return (
    <section class="card list-card" aria-labelledby="intents-title">
      <header class="card-head">
        <h3 id="intents-title">
          Intents <span class="card-count">{intents.length}</span>
        </h3>
        {mayManageIntents.value && (
          <button type="button" class="button primary" id={NEW_INTENT} onClick={startNew}>
            <Icon name="plus" />
            New intent
          </button>
        )}
      </header>
      <ul class="intents">
        {intents.map((intent) => (
          <IntentRow key={intent.id} intent={intent} />
        ))}
      </ul>
    </section>
  );
}

function IntentRow({ intent }: { intent: OwnIntent }) {
  const rows = rowsOf(intent);
  const enough = rows >= MIN_EXAMPLES;
  const trained = figuresInUse.value?.cross_validation.labels.find((label) => label.intent_id === intent.id);
  return (
    <li class="intent">
      <div class="intent-main">
        <button type="button" class="intent-name" id={`intent-${intent.id}`} onClick={() => void startEditing(intent)}>
          {intent.name}
        </button>
        <span class="intent-counts">
          {enough ? (
            `${rows} examples`
          ) : (
            <span class="intent-missing">
              {rows} of {MIN_EXAMPLES} examples
            </span>
          )}
          {intent.n_corrections > 0 && `, ${intent.n_corrections} of them from corrections`}
        </span>
      </div>
      <span
        class={`intent-recall ${trained ? '' : 'none'}`}
        title="Share of its examples that were recognised in the test"
      >
        {trained ? `${percent(trained.recall)} recognised` : enough ? 'Not trained yet' : ''}
      </span>
      {mayManageIntents.value && (
        <button
          type="button"
          class="button ghost icon-only intent-delete"
          aria-label={`Delete “${intent.name}”`}
          title="Delete"
          onClick={(event) => {
            focusNext(event.currentTarget);
            removeIntent(intent);
          }}
        >
          <Icon name="trash" />
        </button>
      )}
    </li>
  );
}

/** The row goes, and the focus with it: whoever deletes several by keyboard stays in the list. */
function focusNext(button: HTMLElement): void {
  const row = button.closest('li');
  const next = row?.nextElementSibling ?? row?.previousElementSibling;
  next?.querySelector<HTMLElement>('.intent-delete')?.focus();
}

const SAMPLES = [
  'The jacket came with a broken zip',
  'There is a crack in the vase you sent',
  'My order arrived damaged, can you replace it?',
];

function NoIntents() {
  const may = mayManageIntents.value;
  useEffect(() => {
    // The last one was deleted.
    if (document.activeElement === document.body) document.getElementById(NEW_INTENT)?.focus();
  }, []);
  return (
    <section class="card list-card" aria-label="Intents">
      <Empty icon="spark" title="Teach it what your customers write about">
        <p class="empty-text">
          Give a name and ten sentences that a customer could write. Two intents, and a click on “Train”, and every new
          message is read for them.
        </p>
        <div class="sample">
          <p class="sample-name">Arrived damaged</p>
          <ul>
            {SAMPLES.map((sample) => (
              <li key={sample}>{sample}</li>
            ))}
            <li aria-hidden="true">…</li>
          </ul>
        </div>
        {may && (
          <button type="button" class="button primary" id={NEW_INTENT} onClick={startNew}>
            <Icon name="plus" />
            Create your first intent
          </button>
        )}
      </Empty>
    </section>
  );
}
