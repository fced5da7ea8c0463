import { useEffect, useState } from 'preact/hooks';
import type { Provider } from '../../../shared/providers';
import { goToProvider, listProviders } from '../api/providers';

/** A button for each identity provider that is configured. Often there is none, and then nothing is shown. */
export function ProviderButtons({ mayStay, onError }: { mayStay: () => boolean; onError: (reason: string) => void }) {
  const [providers, setProviders] = useState<Provider[]>([]);
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    void listProviders().then(setProviders);
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

  if (providers.length === 0) return null;
  return (
    <div class="login-providers">
      <p class="login-or">or</p>
      {providers.map((provider) => (
        <button key={provider.id} type="button" class="button" disabled={busy} onClick={() => void go(provider)}>
          Continue with {provider.name}
        </button>
      ))}
    </div>
  );
}
