import type { IntentsVersion } from '../../../shared/learning';
import { fullTime } from '../state/clock';
import { intentVersions, mayManageIntents, putToUse } from '../state/own-intents';
import { percent } from './mood';

/** Every version that was trained. Any may be put to use again. */
export function IntentVersions() {
  const versions = intentVersions.value;
  if (versions.length === 0) return null;
  return (
    <section class="card" aria-labelledby="versions-title">
      <h3 id="versions-title">Versions</h3>
      <ul class="versions">
        {versions.map((version) => (
          <Version key={version.version} version={version} />
        ))}
      </ul>
    </section>
  );
}

function Version({ version }: { version: IntentsVersion }) {
  return (
    <li class="version">
      <span class="version-number">
        {version.version}
        <span class="visually-hidden">. version</span>
      </span>
      <span class="version-main">
        <span>
          {percent(version.cross_validation.accuracy)} right, {version.n_rows} examples
        </span>
        <span class="version-when">
          {fullTime(version.created_at)}, {version.created_by.name}
        </span>
        {!version.promoted && <span class="version-when">{version.reason.text}</span>}
      </span>
      {version.in_use ? (
        <span class="chip status resolved">In use</span>
      ) : (
        mayManageIntents.value && (
          <button
            type="button"
            class="button"
            aria-label={`Put version ${version.version} to use`}
            onClick={() => void putToUse(version.version)}
          >
            Use this
          </button>
        )
      )}
    </li>
  );
}
