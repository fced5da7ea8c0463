/**
 * Places in a text that the server counts in bytes of UTF-8, in the units of a JavaScript string. One that is not in the text, or
 * would cut a character in two, is moved to the nearest border before it.
 */
export function unitsOf(
  text: string,
  places: readonly { start: number; end: number }[],
): { start: number; end: number }[] {
  const wanted = new Set(places.flatMap(({ start, end }) => [start, end]));
  const sorted = [...wanted].sort((a, b) => a - b);
  const units = new Map<number, number>();
  let bytes = 0;
  let at = 0;
  let next = 0;
  for (const character of text) {
    const after = bytes + bytesOf(character.codePointAt(0) ?? 0);
    for (; next < sorted.length && (sorted[next] ?? 0) < after; next += 1) units.set(sorted[next] ?? 0, at);
    if (next === sorted.length) break;
    bytes = after;
    at += character.length;
  }
  for (; next < sorted.length; next += 1) units.set(sorted[next] ?? 0, text.length);
  return places.map(({ start, end }) => ({ start: units.get(start) ?? 0, end: units.get(end) ?? 0 }));
}

function bytesOf(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}
