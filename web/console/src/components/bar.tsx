import { useId } from 'preact/hooks';
import { percent } from './mood';

/** A share, 0 to 1, with its name and its number. */
export function Bar({ name, share, tone = '' }: { name: string; share: number; tone?: 'good' | 'fair' | 'poor' | '' }) {
  const id = useId();
  return (
    <div class={`bar ${tone}`}>
      <span class="bar-name" id={id}>
        {name}
      </span>
      <span class="bar-value">{percent(share)}</span>
      <meter min={0} max={1} value={share} aria-labelledby={id} />
    </div>
  );
}
