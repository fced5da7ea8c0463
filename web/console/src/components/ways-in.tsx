import { useEffect, useState } from 'preact/hooks';
import type { Provider, ProviderList } from '../../../shared/providers';
import { goToProvider, listWaysIn } from '../api/providers';
import { SIGN_UP_HREF } from '../state/router';

/** A button for each identity provider that is configured, and the way to a new account. Often there is neither. */
export function WaysIn({ mayStay, onError }: { mayStay: () => boolean; onError: (reason: string) => void }) {
  const [ways, setWays] = useState<ProviderList | null>(null);
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    void listWaysIn().then(setWays);
  }, []);

  const go = async (provider: Provider) => {
    setBusy(true);
    onError('');
    try {
      await goToProvider(provider, mayStay());
    } catch (failure) {
      const offline = failure instanceof TypeError;
      onError(offline ? 'There is no connection to the server. Please try again.' : (failure as Error).message);
      setBusy(false);
    }
  };

  if (!ways) return null;
  return (
    <>
      {ways.providers.length > 0 && (
        <div class="login-providers">
          <p class="login-or">or</p>
          {ways.providers.map((provider) => (
            <button key={provider.id} type="button" class="button" disabled={busy} onClick={() => void go(provider)}>
              Continue with {provider.name}
            </button>
          ))}
        </div>
      )}
      {ways.sign_up && (
        <p class="login-or">
          New here? <a href={SIGN_UP_HREF}>Make an account</a>
        </p>
      )}
    </>
  );
}
