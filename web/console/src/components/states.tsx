import type { ComponentChildren } from 'preact';
import { Icon } from './icon';

/** A calm picture and a sentence for when there is nothing to show. */
export function Empty(props: { icon: string; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon name={props.icon} />
      </span>
      <p class="empty-title">{props.title}</p>
      {props.children}
    </div>
  );
}

export function Failed(props: { title: string; detail: string; onRetry: () => void }) {
  return (
    <div class="empty failed" role="alert">
      <span class="empty-icon">
        <Icon name="offline" />
      </span>
      <p class="empty-title">{props.title}</p>
      <p>{props.detail}</p>
      <button
        type="button"
        class="button"
        onClick={(event) => {
          // The button goes when it is pressed: the focus must not go with it.
          event.currentTarget.closest<HTMLElement>('[tabindex="-1"]')?.focus();
          props.onRetry();
        }}
      >
        <Icon name="retry" />
        Try again
      </button>
    </div>
  );
}

export function RowSkeletons() {
  return (
    <div class="skeletons" role="status">
      <span class="visually-hidden">Loading conversations</span>
      {[62, 48, 70, 55, 66, 50, 60].map((width) => (
        <div class="row-skeleton" key={width} aria-hidden="true">
          <span class="bone round" />
          <span class="bones">
            <span class="bone" />
            <span class="bone wide" />
            <span class="bone short" />
          </span>
        </div>
      ))}
    </div>
  );
}

export function ThreadSkeleton() {
  return (
    <div class="thread-skeleton" role="status">
      <span class="visually-hidden">Loading the conversation</span>
      {['in', 'in short', 'out', 'in', 'out short'].map((kind) => (
        <span key={kind} class={`bone bubble-bone ${kind}`} aria-hidden="true" />
      ))}
    </div>
  );
}
