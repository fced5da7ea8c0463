import type { ImportFile, ImportReport } from '../../../shared/articles';

/** The server's limits. */
export const MAX_FILES = 500;
export const MAX_TEXT_BYTES = 4 * 1024 * 1024;
export const MAX_URLS = 20;

const ENDINGS = ['.md', '.markdown', '.txt', '.csv', '.html', '.htm'];
/** For the file picker. */
export const ACCEPTED = ENDINGS.join(',');

/** Whether the ending says that it is a text which can be imported. */
export function isText(path: string): boolean {
  const name = path.toLowerCase();
  return ENDINGS.some((ending) => name.endsWith(ending)) && !name.split('/').some((part) => part.startsWith('.'));
}

/** The addresses that somebody has pasted, each once, and what of it is none. */
export function readUrls(text: string): { urls: string[]; bad: string[] } {
  const urls = new Set<string>();
  const bad: string[] = [];
  for (const word of text.split(/[\s,;]+/)) {
    if (word === '') continue;
    if (isWebAddress(word)) urls.add(word);
    else bad.push(word);
  }
  return { urls: [...urls], bad };
}

/** What stands in the way of an import; empty when nothing does. */
export function importProblem(files: ImportFile[], { urls, bad }: ReturnType<typeof readUrls>): string {
  const first = bad[0];
  if (first !== undefined)
    return `“${first.slice(0, 80)}” is no address of a page: it begins with https:// or http://.`;
  if (files.length === 0 && urls.length === 0) return 'Please choose files, or paste addresses.';
  if (files.length > MAX_FILES) return `${files.length} files are more than ${MAX_FILES}: please import them in parts.`;
  if (urls.length > MAX_URLS) return `${urls.length} addresses are more than ${MAX_URLS}: please import them in parts.`;
  if (bytesOf(files) > MAX_TEXT_BYTES) return 'The files are more than 4 MB of text: please import them in parts.';
  return '';
}

/** The files of two choices; a later one of the same path takes the place of the earlier. */
export function joined(before: ImportFile[], added: ImportFile[]): ImportFile[] {
  const byPath = new Map(before.map((file) => [file.path, file]));
  for (const file of added) byPath.set(file.path, file);
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function bytesOf(files: ImportFile[]): number {
  const encoder = new TextEncoder();
  return files.reduce((sum, { text }) => sum + encoder.encode(text).byteLength, 0);
}

/** What an import comes to, in a sentence. */
export function inSum(report: ImportReport): string {
  const parts = [
    `${report.n_new} new`,
    `${report.n_changed} changed`,
    `${report.n_unchanged} as before`,
    report.n_broken > 0 && `${report.n_broken} with a problem`,
  ];
  return parts.filter(Boolean).join(', ');
}

function isWebAddress(word: string): boolean {
  return /^https?:\/\/[^/]/i.test(word) && URL.canParse(word);
}
