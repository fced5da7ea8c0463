// What a person types or pastes into the box of examples, one per line.

/** The server's limits. */
export const MAX_EXAMPLES = 200;
export const MAX_EXAMPLE_LENGTH = 500;

export interface Examples {
  /** Trimmed, without empty lines and repeats. */
  examples: string[];
  /** Lines that say the same as an earlier one, but for case, spaces and closing punctuation. */
  nRepeated: number;
  /** Lines longer than `MAX_EXAMPLE_LENGTH`. */
  nTooLong: number;
}

export function readExamples(text: string): Examples {
  const seen = new Set<string>();
  const examples: string[] = [];
  let nRepeated = 0;
  let nTooLong = 0;
  for (const line of text.split(/\r\n|[\n\r\u2028\u2029]/)) {
    const example = line.trim();
    if (example === '') continue;
    const same = sameness(example);
    if (seen.has(same)) {
      nRepeated += 1;
      continue;
    }
    seen.add(same);
    examples.push(example);
    if ([...example].length > MAX_EXAMPLE_LENGTH) nTooLong += 1;
  }
  return { examples, nRepeated, nTooLong };
}

function sameness(example: string): string {
  const folded = example.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ');
  // "?!" alone has nothing but punctuation, and is a line of its own.
  return folded.replace(/[\s.!?…]+$/, '') || folded;
}
