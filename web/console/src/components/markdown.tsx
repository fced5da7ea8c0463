import { signal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Place, renderMarkdown } from '../../../shared/markdown';
import { PageSkeleton } from './page';

/** Fetched when the first text is shown: it is a sixth of the console. `failed` when it could not be had. */
const renderer = signal<typeof renderMarkdown | 'failed' | null>(null);

async function loadRenderer(): Promise<void> {
  if (typeof renderer.value === 'function') return;
  try {
    const loaded = await import('../../../shared/markdown');
    // A function in a signal is a value like any other; `useMemo` below calls it.
    renderer.value = loaded.renderMarkdown;
  } catch {
    renderer.value = 'failed';
  }
}

interface Props {
  text: string;
  /** Shown as `<mark>`. */
  marked?: readonly Place[];
  /** The element that holds it. */
  element?: RefObject<HTMLDivElement | null>;
  /** Says what was left out of it. */
  forWriters?: boolean;
}

/** A text of Markdown as its readers see it. */
export function Markdown({ text, marked, element, forWriters = false }: Props) {
  useEffect(() => void loadRenderer(), []);
  const render = renderer.value;
  const rendered = useMemo(() => (typeof render === 'function' ? render(text, marked) : null), [render, text, marked]);
  if (render === null) return <PageSkeleton what="the text" />;
  return (
    <>
      <div class="md" dir="auto" ref={element}>
        {rendered ? rendered.nodes : <pre>{text}</pre>}
      </div>
      {forWriters && rendered?.hasHtml && <p class="md-left-out">HTML is left out: readers see its words alone.</p>}
      {forWriters && rendered?.hasPictures && (
        <p class="md-left-out">Pictures are not loaded here: only what they show is named.</p>
      )}
    </>
  );
}

/** Shortest time between two drawings of what is being typed. */
const PAUSE_MS = 120;

/** A text that lags behind the typing, so that no key waits for it. */
export function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    if (settled === text) return;
    // A long text takes longer to draw: 256 kB some 400 ms.
    const timer = setTimeout(() => setSettled(text), PAUSE_MS + text.length / 300);
    return () => clearTimeout(timer);
  }, [text, settled]);
  return settled;
}
