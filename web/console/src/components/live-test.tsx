import { useEffect, useRef, useState } from 'preact/hooks';
import type { IntentsTest } from '../../../shared/learning';
import { testIntents } from '../api/learning';
import { intentsState, versionInUse } from '../state/own-intents';
import { reasonOf } from '../state/reason-of';
import { Bar } from './bar';

/** After the last key; a sentence is read in less than that. */
const AFTER_MS = 250;
const SHOWN = 6;

/** A sentence is tried while it is typed. */
export function LiveTest() {
  const [text, setText] = useState('');
  const [result, setResult] = useState<IntentsTest | null>(null);
  const [error, setError] = useState('');
  const version = versionInUse.value?.version ?? intentsState.value?.version ?? null;
  const asked = useRef<AbortController | null>(null);

  useEffect(() => {
    const sentence = text.trim();
    if (sentence === '' || version === null) {
      setResult(null);
      setError('');
      return;
    }
    const timer = setTimeout(() => {
      // An answer to what stood there before would only flicker.
      const asking = new AbortController();
      asked.current = asking;
      testIntents(sentence, asking.signal).then(
        (answer) => {
          setResult(answer);
          setError('');
        },
        (failure) => {
          if (asking.signal.aborted) return;
          setResult(null);
          setError(reasonOf(failure, 'It could not be tried. Please type on.'));
        },
      );
    }, AFTER_MS);
    return () => {
      clearTimeout(timer);
      asked.current?.abort();
    };
  }, [text, version]);

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
      <div class="test-result" aria-live="polite">
        {error && <p class="bad">{error}</p>}
        {result ? (
          <>
            <div class="bars">
              {result.intents.slice(0, SHOWN).map(({ intent_id, name, score }, index) => (
                <Bar key={intent_id} name={name} share={score} tone={index === 0 ? 'good' : ''} />
              ))}
            </div>
            <p class="card-foot">
              Version {result.version}, {result.elapsed_ms.toFixed(1)} ms
            </p>
          </>
        ) : (
          !error && (
            <p class="card-empty">
              {version === null
                ? 'Once trained, every sentence typed here shows at once what it would be read as.'
                : 'The sentence is only read: nothing of it is kept.'}
            </p>
          )
        )}
      </div>
    </section>
  );
}
