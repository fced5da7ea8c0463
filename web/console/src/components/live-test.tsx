import { useEffect, useRef, useState } from 'preact/hooks';
import type { IntentsTest } from '../../../shared/learning';
import { testIntents } from '../api/learning';
import { NONE, valueName } from '../state/fields';
import { intentVersions, versionInUse } from '../state/own-intents';
import { reasonOf } from '../state/reason-of';
import { Bar } from './bar';
import { percent } from './mood';

/** After the last key; a sentence is read in less than that. */
const AFTER_MS = 250;
const SHOWN = 6;

/** A sentence is tried while it is typed. */
export function LiveTest() {
  const [text, setText] = useState('');
  const [result, setResult] = useState<IntentsTest | null>(null);
  const [error, setError] = useState('');
  /** What is shown is of an earlier text. */
  const [waiting, setWaiting] = useState(false);
  const version = versionInUse.value;
  const asked = useRef<AbortController | null>(null);

  useEffect(() => {
    const sentence = text.trim();
    if (sentence === '' || version === null) {
      setResult(null);
      setError('');
      setWaiting(false);
      return;
    }
    setWaiting(true);
    const timer = setTimeout(() => {
      // An answer to what stood there before would only flicker.
      const asking = new AbortController();
      asked.current = asking;
      testIntents(sentence, asking.signal).then(
        (answer) => {
          if (asking.signal.aborted) return;
          setResult(answer);
          setError('');
          setWaiting(false);
        },
        (failure) => {
          if (asking.signal.aborted) return;
          setResult(null);
          setError(reasonOf(failure, 'It could not be tried. Please type on.'));
          setWaiting(false);
        },
      );
    }, AFTER_MS);
    return () => {
      clearTimeout(timer);
      asked.current?.abort();
    };
  }, [text, version]);

  const rows = result ? rowsOf(result) : [];
  const best = rows[0];
  return (
    <section class="card test-card" aria-labelledby="test-title">
      <h3 id="test-title">Live test</h3>
      <label>
        <span class="visually-hidden">A sentence to try</span>
        <textarea
          rows={2}
          value={text}
          maxLength={2000}
          disabled={version === null}
          placeholder="Write as a customer would…"
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <div class="test-result">
        {/* The first says enough to who hears it; the others can be read. */}
        <p class="visually-hidden" role="status">
          {best && !waiting && `${best.name}, ${percent(best.score)}`}
        </p>
        <div role="alert">{error && <p class="bad">{error}</p>}</div>
        {result ? (
          <div class={waiting ? 'pale' : ''} aria-busy={waiting}>
            <div class="bars">
              {rows.slice(0, SHOWN).map(({ key, name, score }, index) => (
                <Bar key={key} name={name} share={score} tone={index === 0 && key !== NONE ? 'good' : ''} />
              ))}
            </div>
            <p class="card-foot">
              Version {result.version}, {result.elapsed_ms.toFixed(1)} ms
            </p>
          </div>
        ) : (
          !error && <p class="card-empty">{waiting ? 'Reading…' : hint(version)}</p>
        )}
      </div>
    </section>
  );
}

/** By falling score, with what speaks for none of them in its place. */
function rowsOf({ intents, none }: IntentsTest): { key: string; name: string; score: number }[] {
  const rows = intents.map(({ intent_id: key, name, score }) => ({ key, name, score }));
  if (none !== undefined) rows.push({ key: NONE, name: valueName('own_intent', NONE), score: none });
  return rows.sort((a, b) => b.score - a.score);
}

function hint(version: number | null): string {
  if (version !== null) return 'The sentence is only read: nothing of it is kept.';
  return intentVersions.value.length > 0
    ? 'No version in use. Put one to use below, and sentences can be tried.'
    : 'Once trained, every sentence typed here shows at once what it would be read as.';
}
