import type { Analysis } from '../../../shared/wire';
import { entityName } from '../state/labels';
import { cut, isWithin, type Mark } from '../state/spans';
import { lit } from '../state/why';

/** A customer's text with what the analysis speaks of marked in it. The pieces are text nodes: nothing here takes HTML. */
export function MarkedText({ text, analysis }: { text: string; analysis: Analysis }) {
  const spans = lit.value;
  const marks: Mark[] = [
    ...allReasons(analysis).flatMap((reason) => reason.spans ?? []),
    ...(analysis.entities ?? []).map(({ kind, start, end }) => ({ entity: kind, start, end })),
    // What is lit is cut out as well, wherever it came from.
    ...(spans ?? []),
  ];
  return (
    <>
      {cut(text, marks).map((piece) => {
        if (!piece.reason && !piece.entity) return piece.text;
        const shade = spans === null ? '' : isWithin(piece.start, spans) ? 'lit' : 'dim';
        const kind = piece.entity ? `entity ${piece.entity.replace('_', '-')}` : '';
        return (
          <mark
            key={piece.start}
            class={`${piece.reason ? 'because' : ''} ${kind} ${shade}`}
            title={piece.entity ? entityName(piece.entity) : undefined}
          >
            {piece.text}
          </mark>
        );
      })}
    </>
  );
}

function allReasons(analysis: Analysis) {
  return [...analysis.reasons, ...(analysis.priority?.reasons ?? []), ...(analysis.urgency?.reasons ?? [])];
}
