import { useEffect, useRef, useState } from 'preact/hooks';
import type { IntentsVersion } from '../../../shared/learning';
import { fullTime } from '../state/clock';
import { intentVersions, mayManageIntents, putToUse, versionInUse } from '../state/own-intents';
import { Ask } from './ask';
import { percent } from './mood';

/** Every version that was trained. Any may be put to use again, or none. */
export function IntentVersions() {
  const card = useRef<HTMLElement>(null);
  const [asking, setAsking] = useState(false);
  const versions = intentVersions.value;
  const inUse = versionInUse.value !== null;
  const pressed = useRef(false);
  useEffect(() => {
    // The button that was pressed is gone, and the focus with it.
    if (pressed.current && document.activeElement === document.body) card.current?.focus();
    pressed.current = false;
  }, [versionInUse.value]);
  const use = (version: number | null) => {
    pressed.current = true;
    void putToUse(version);
  };
  if (versions.length === 0) return null;
  return (
    <section class="card versions-card" aria-labelledby="versions-title" ref={card} tabIndex={-1}>
      <header class="card-head">
        <h3 id="versions-title">Versions</h3>
        {inUse && mayManageIntents.value && (
          <button type="button" class="button ghost" aria-expanded={asking} onClick={() => setAsking(true)}>
            Switch off
          </button>
        )}
      </header>
      {inUse && asking && (
        <Ask
          question="Messages will be read without your intents, until a version is put to use again."
          stay="Leave on"
          go="Switch off"
          onStay={() => setAsking(false)}
          onGo={() => {
            setAsking(false);
            use(null);
          }}
        />
      )}
      <ul class="versions">
        {versions.map((version) => (
          <Version key={version.version} version={version} use={use} />
        ))}
      </ul>
    </section>
  );
}

function Version({ version, use }: { version: IntentsVersion; use: (version: number) => void }) {
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
            onClick={() => use(version.version)}
          >
            Use this
          </button>
        )
      )}
    </li>
  );
}
