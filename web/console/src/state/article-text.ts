/** What the form of an article holds. */
export interface ArticleText {
  title: string;
  /** Markdown. */
  body: string;
  language: string;
  /** Empty for none. */
  categoryId: string;
}

/** The server's limits. */
export const MAX_TITLE_CHARS = 200;
export const MAX_ARTICLE_BYTES = 256 * 1024;

/** Whether leaving would lose something. Ends of lines are written in two ways and are the same. */
export function isChanged(saved: ArticleText, now: ArticleText): boolean {
  return (
    saved.title.trim() !== now.title.trim() ||
    plain(saved.body) !== plain(now.body) ||
    saved.language !== now.language ||
    saved.categoryId !== now.categoryId
  );
}

/** What stands in the way of saving; empty when nothing does. */
export function problemOf({ title, body }: ArticleText): string {
  const length = [...title.trim()].length;
  if (length === 0) return 'Please give it a title.';
  if (length > MAX_TITLE_CHARS) return `A title has ${MAX_TITLE_CHARS} characters at most.`;
  // Most texts are far from it, and counting takes time.
  const isTooLong =
    body.length > MAX_ARTICLE_BYTES / 4 && new TextEncoder().encode(body).byteLength > MAX_ARTICLE_BYTES;
  return isTooLong ? 'This is longer than 256 kB. Please make two articles of it.' : '';
}

function plain(text: string): string {
  return text.replaceAll('\r\n', '\n').trimEnd();
}
