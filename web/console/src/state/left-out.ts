import type { IntentsVersion } from '../../../shared/learning';

/** What a training did not learn from, since there was more than one training takes: a sentence for each kind, none for none. */
export function leftOut(version: Pick<IntentsVersion, 'examples_left_out' | 'corrections_left_out'>): string[] {
  const { examples_left_out: examples = 0, corrections_left_out: corrections = 0 } = version;
  const sentences: string[] = [];
  if (examples > 0) {
    sentences.push(
      `${examples} ${examples === 1 ? 'example was' : 'examples were'} left out: there are more than one training takes.`,
    );
  }
  if (corrections > 0) {
    sentences.push(
      corrections === 1
        ? 'The oldest correction was left out: there are more than one training takes.'
        : `The ${corrections} oldest corrections were left out: there are more than one training takes.`,
    );
  }
  return sentences;
}
