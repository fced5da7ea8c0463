import type { EntityKind, Span } from '../../../shared/wire';

export interface Mark extends Span {
  /** Of an entity; absent where a reason speaks of the text. */
  entity?: EntityKind;
}

/** A piece of text over which the same marks lie. */
export interface Piece {
  text: string;
  start: number;
  reason: boolean;
  entity: EntityKind | null;
}

/**
 * Cuts a text wherever a mark begins or ends. Offsets count code points, as the server does, not the UTF-16 units of a string: an
 * emoji before a word moves nothing. Marks that do not lie in the text are left out.
 */
export function cut(text: string, marks: Mark[]): Piece[] {
  const points = [...text];
  const valid = marks.filter(({ start, end }) => start >= 0 && start < end && end <= points.length);
  const borders = new Set([0, points.length]);
  for (const { start, end } of valid) {
    borders.add(start);
    borders.add(end);
  }
  const sorted = [...borders].sort((a, b) => a - b);
  return sorted.slice(0, -1).map((start, index) => {
    const over = valid.filter((mark) => mark.start <= start && start < mark.end);
    return {
      text: points.slice(start, sorted[index + 1]).join(''),
      start,
      reason: over.some((mark) => mark.entity === undefined),
      entity: over.find((mark) => mark.entity)?.entity ?? null,
    };
  });
}

export function isWithin(at: number, spans: Span[]): boolean {
  return spans.some(({ start, end }) => start <= at && at < end);
}
