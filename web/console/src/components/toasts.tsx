import { announcement, dismissToast, holdToast, resumeToast, toasts } from '../state/toasts';
import { Icon } from './icon';

export function Toasts() {
  return (
    <section class="toasts" aria-label="Notifications">
      <div aria-live="polite" aria-atomic="false">
        {toasts.value.map((shown) => (
          <div
            key={shown.id}
            class={`toast ${shown.kind}`}
            onPointerEnter={() => holdToast(shown.id)}
            onPointerLeave={() => resumeToast(shown.id)}
            onFocusCapture={() => holdToast(shown.id)}
            onBlurCapture={() => resumeToast(shown.id)}
          >
            <Icon name={shown.kind === 'error' ? 'alert' : 'check'} />
            <span class="toast-text">{shown.text}</span>
            {shown.action && (
              <button
                type="button"
                class="toast-action"
                onClick={() => {
                  shown.action?.run();
                  dismissToast(shown.id);
                }}
              >
                {shown.action.label}
              </button>
            )}
            <button type="button" class="toast-close" aria-label="Dismiss" onClick={() => dismissToast(shown.id)}>
              <Icon name="close" />
            </button>
          </div>
        ))}
      </div>
      <div class="visually-hidden" aria-live="polite">
        {announcement.value}
      </div>
    </section>
  );
}
