/** Initials on a colour that follows from the id, so that a person looks the same everywhere. */
export function Avatar({ id, name, size = 'm' }: { id: string; name: string; size?: 's' | 'm' | 'l' }) {
  return (
    <span class={`avatar ${size} hue-${hue(id)}`} aria-hidden="true">
      {initials(name)}
    </span>
  );
}

const HUES = 8;

function hue(id: string): number {
  let hash = 0;
  for (const char of id) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193) >>> 0;
  // The upper bits: ids that differ at their end only still get different colours.
  return (hash >>> 16) % HUES;
}

function initials(name: string): string {
  const words = name
    .trim()
    .split(/[\s@._-]+/)
    .filter(Boolean);
  const first = words[0] ?? '?';
  const last = words.length > 1 ? (words.at(-1) ?? '') : '';
  return ([...first][0] ?? '?').toUpperCase() + ([...last][0] ?? '').toUpperCase();
}
