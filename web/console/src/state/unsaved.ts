/** What a form of an intent holds. */
export interface IntentText {
  name: string;
  /** The examples, one per line. */
  text: string;
}

/** Whether leaving would lose something. Spaces and empty lines around it are nothing. */
export function isUnsaved(saved: IntentText, now: IntentText): boolean {
  return saved.name.trim() !== now.name.trim() || lines(saved.text) !== lines(now.text);
}

function lines(text: string): string {
  return text
    .split(/\r\n|[\n\r\u2028\u2029]/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');
}
