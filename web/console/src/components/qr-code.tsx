import { useEffect, useState } from 'preact/hooks';

/** The quiet zone that readers need: four modules on each side (ISO/IEC 18004). */
const QUIET = 4;

interface Matrix {
  size: number;
  get(x: number, y: number): boolean;
}

/** A text as a QR code. Its code is loaded here and nowhere else; until it is there, or where it fails, there is none. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const [matrix, setMatrix] = useState<Matrix | null>(null);
  useEffect(() => {
    let gone = false;
    void (async () => {
      try {
        const { generate } = await import('lean-qr/nano');
        if (!gone) setMatrix(generate(text));
      } catch {
        // The text beside it does as well.
      }
    })();
    return () => {
      gone = true;
    };
  }, [text]);
  const side = (matrix?.size ?? 45) + 2 * QUIET;
  return (
    <svg class="qr" viewBox={`0 0 ${side} ${side}`} role="img" aria-label={label} shape-rendering="crispEdges">
      {matrix && <path d={outlineOf(matrix)} />}
    </svg>
  );
}

/** One rectangle for each run of dark modules in a row. */
function outlineOf(matrix: Matrix): string {
  let path = '';
  for (let y = 0; y < matrix.size; y++) {
    for (let x = 0; x < matrix.size; x++) {
      let end = x;
      while (end < matrix.size && matrix.get(end, y)) end += 1;
      if (end > x) path += `M${x + QUIET} ${y + QUIET}h${end - x}v1H${x + QUIET}z`;
      x = Math.max(x, end);
    }
  }
  return path;
}
