import { useEffect, useState } from 'preact/hooks';
import { deskLive, reconnect } from '../state/desk';
import { openThread } from '../state/thread';
import { Icon } from './icon';

/** A blip that is over before anybody noticed is not worth a bar. */
const SHOWN_AFTER_MS = 500;

export function ConnectionBar() {
  const lost = deskLive.value === 'lost' || openThread.value?.live.value === 'lost';
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (!lost) {
      setShown(false);
      return;
    }
    const timer = setTimeout(() => setShown(true), SHOWN_AFTER_MS);
    return () => clearTimeout(timer);
  }, [lost]);

  return (
    <div class="connection" role="status">
      {shown && (
        <div class="connection-bar">
          <Icon name="offline" />
          <span>
            Reconnecting… <span class="connection-more">New messages appear once we are back.</span>
          </span>
          <button
            type="button"
            onClick={() => {
              reconnect();
              openThread.value?.retryLive();
            }}
          >
            Try now
          </button>
        </div>
      )}
    </div>
  );
}
