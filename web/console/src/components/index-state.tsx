import { useEffect } from 'preact/hooks';
import { articleIndex, isIndexMoving, mayManageKnowledge, rebuildIndex, watchIndex } from '../state/articles';
import { Icon } from './icon';

/** What the search knows, in a line, live while it catches up. */
export function IndexState({ onMoved }: { onMoved: () => void }) {
  useEffect(() => watchIndex(onMoved), []);
  const index = articleIndex.value;
  if (!index) return <p class="index-state" aria-hidden="true" />;
  const { n_published, n_pending, n_parts, model, filling, last_error } = index;
  return (
    <div class="index-state">
      <p role="status">
        <Icon name={isIndexMoving.value ? 'retry' : 'search'} />
        <span>
          {n_published === 0 ? 'Nothing is published' : `${n_published} published`}
          {n_pending > 0
            ? `, ${n_pending} on ${n_pending === 1 ? 'its' : 'their'} way into the search`
            : n_published > 0 && ', all in the search'}
        </span>
        {n_parts > 0 && model && (
          <span class="index-model">
            {n_parts} {n_parts === 1 ? 'part' : 'parts'}, {model.id} {model.version}
          </span>
        )}
      </p>
      {filling && (
        <p class="index-filling">
          <progress value={filling.n_done} max={Math.max(filling.n_parts, 1)} aria-label="A newer model reads them" />
          {filling.model.id} {filling.model.version} has read {filling.n_done} of {filling.n_parts} parts; the one
          before answers until then.
        </p>
      )}
      {last_error && (
        <p class="bad" role="alert">
          <Icon name="alert" />
          {last_error}
        </p>
      )}
      {mayManageKnowledge.value && last_error && (
        <button type="button" class="button" onClick={() => void rebuildIndex()}>
          Make the index anew
        </button>
      )}
    </div>
  );
}
