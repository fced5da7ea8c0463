import type { Macro } from '../../../shared/macros';
import type { SourceFigures, SuggestionSource } from '../../../shared/suggestions';
import { intentName, languageName } from '../state/labels';
import { NEW_MACRO } from '../state/macro-draft';
import { macroQuery, macros, mayManageMacros, suggestionFigures } from '../state/macros';
import { ownIntentName } from '../state/own-intents';
import { macroHref } from '../state/router';
import { Icon } from './icon';
import { percent } from './mood';
import { Empty } from './states';

export function MacroList() {
  const all = macros.value.value ?? [];
  if (all.length === 0) return <NoMacros />;
  const query = macroQuery.value.trim().toLowerCase();
  const list = all.filter(({ title, text }) => query === '' || `${title}\n${text}`.toLowerCase().includes(query));
  return (
    <section class="card list-card" aria-labelledby="macros-title">
      <header class="card-head">
        <h3 id="macros-title">
          Macros <span class="card-count">{all.length}</span>
        </h3>
        <div class="search macro-search">
          <Icon name="search" />
          <input
            type="search"
            placeholder="Words of it…"
            aria-label="Search the macros"
            value={macroQuery.value}
            onInput={(event) => {
              macroQuery.value = event.currentTarget.value;
            }}
          />
        </div>
      </header>
      {list.length === 0 ? (
        <p class="card-empty" role="status">
          No macro has these words.
        </p>
      ) : (
        <ul class="intents">
          {list.map((macro) => (
            <Row key={macro.id} macro={macro} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Row({ macro }: { macro: Macro }) {
  const answers = macro.intents.map((code) => (code.startsWith('int_') ? ownIntentName(code) : intentName(code)));
  return (
    <li class="intent">
      <div class="intent-main">
        <a class="intent-name" href={macroHref(macro.id)}>
          {macro.title}
        </a>
        <span class="intent-counts macro-text">{macro.text}</span>
        <span class="intent-counts">
          {[macro.language ? languageName(macro.language) : 'Any language', ...answers].join(' · ')}
        </span>
      </div>
      <span class="intent-recall">{usesOf(macro)}</span>
      {macro.kind === 'template' && <span class="chip status active">Template</span>}
    </li>
  );
}

function usesOf({ outcomes: { n_accepted, n_edited, n_rejected } }: Macro): string {
  const n = n_accepted + n_edited + n_rejected;
  return n === 0 ? '' : `${percent((n_accepted + n_edited) / n)} of ${n} sent`;
}

function NoMacros() {
  return (
    <section class="card">
      <Empty icon="bolt" title="Say well once what you say often">
        <p class="empty-text">
          A macro is offered when it fits a message, and can be sent as it is or changed first. Variables are filled by
          themselves.
        </p>
        {mayManageMacros.value && (
          <a class="button primary" href={macroHref(NEW_MACRO)}>
            <Icon name="plus" />
            Write the first macro
          </a>
        )}
      </Empty>
    </section>
  );
}

const SOURCE_NAMES: Record<SuggestionSource, string> = {
  macro: 'Macros',
  template: 'Templates',
  draft: 'Written drafts',
};

/** How often suggestions were of use, by where they are from. */
export function SuggestionUse() {
  const figures = suggestionFigures.value.value;
  if (!figures) {
    return suggestionFigures.state.value === 'failed' ? (
      <p class="page-note poor">How often suggestions were of use could not be loaded.</p>
    ) : null;
  }
  if (figures.every(({ n_offered }) => n_offered === 0)) return null;
  return (
    <section class="card macro-use" aria-labelledby="use-title">
      <h3 id="use-title">Suggestions of use</h3>
      <div class="table-scroll">
        <table class="accuracy">
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col" class="number">
                Offered
              </th>
              <th scope="col" class="number">
                Sent as they were
              </th>
              <th scope="col" class="number">
                Changed first
              </th>
              <th scope="col" class="number">
                Turned down
              </th>
              <th scope="col" class="number">
                Of use
              </th>
            </tr>
          </thead>
          <tbody>
            {figures.map((row) => (
              <Figures key={row.type} row={row} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Figures({ row }: { row: SourceFigures }) {
  return (
    <tr>
      <th scope="row">{SOURCE_NAMES[row.type]}</th>
      {[row.n_offered, row.n_accepted, row.n_edited, row.n_rejected].map((n, at) => (
        <td key={at} class={`number ${n === 0 ? 'zero' : ''}`}>
          {n}
        </td>
      ))}
      <td class="number">{row.acceptance_rate === undefined ? '–' : percent(row.acceptance_rate)}</td>
    </tr>
  );
}
