import { useEffect, useRef } from 'preact/hooks';
import { SHORTCUTS } from '../state/keyboard';
import { helpOpen, setShortcuts, shortcutsOn } from '../state/ui';
import { Icon } from './icon';

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = helpOpen.value;
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  const close = () => {
    helpOpen.value = false;
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a modal dialog by itself.
    <dialog
      ref={dialog}
      class="help"
      aria-labelledby="help-title"
      onClose={close}
      onClick={(event) => {
        if (event.target === dialog.current) close();
      }}
    >
      {open && (
        <div class="help-body">
          <header>
            <h2 id="help-title">Keyboard shortcuts</h2>
            <button type="button" class="button ghost icon-only" aria-label="Close" onClick={close}>
              <Icon name="close" />
            </button>
          </header>
          <dl>
            {SHORTCUTS.map(({ keys, does }) => (
              <div key={does}>
                <dt>{does}</dt>
                <dd>
                  {keys.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dd>
              </div>
            ))}
          </dl>
          <label class="check">
            <input
              type="checkbox"
              checked={shortcutsOn.value}
              onChange={(event) => setShortcuts(event.currentTarget.checked)}
            />
            Single-letter shortcuts
          </label>
        </div>
      )}
    </dialog>
  );
}
