import type { MacroBody } from '../../../shared/macros';

/** What a template can be filled with, as the server knows it, and what stands there in a preview. */
export const VARIABLES: readonly { name: string; label: string; sample: string }[] = [
  { name: 'customer.name', label: 'Customer’s name', sample: 'Maija Virtanen' },
  { name: 'agent.name', label: 'Your name', sample: 'Alex' },
  { name: 'account.name', label: 'Name of the account', sample: 'Northwind' },
  { name: 'ticket.number', label: 'Ticket number', sample: '1024' },
  { name: 'order.number', label: 'Order number', sample: 'A-4711' },
];

/** The server's limits. */
export const MAX_MACRO_TITLE = 120;
export const MAX_MACRO_CHARS = 8_000;
export const MAX_MACRO_LABELS = 20;

export type MacroText = Omit<MacroBody, 'kind' | 'language'> & {
  /** Empty where it fits any. */
  language: string;
};

const VARIABLE = /\{\{\s*([^{}]*?)\s*\}\}/g;

export interface MacroPiece {
  text: string;
  /** Absent for words that are sent as they are. */
  variable?: string;
  /** The server fills it. */
  isKnown?: boolean;
}

/** A text, cut where variables stand; these have the sample that a preview shows. */
export function piecesOf(text: string): MacroPiece[] {
  const pieces: MacroPiece[] = [];
  let at = 0;
  for (const found of text.matchAll(VARIABLE)) {
    if (found.index > at) pieces.push({ text: text.slice(at, found.index) });
    const name = found[1] ?? '';
    const known = VARIABLES.find((variable) => variable.name === name);
    pieces.push({ text: known?.sample ?? found[0], variable: name, isKnown: known !== undefined });
    at = found.index + found[0].length;
  }
  if (at < text.length) pieces.push({ text: text.slice(at) });
  return pieces;
}

/** Text with variables is a template; no person has to say so. */
export function bodyOf({ language, ...text }: MacroText): MacroBody {
  const hasVariables = piecesOf(text.text).some((piece) => piece.variable !== undefined);
  return {
    ...text,
    title: text.title.trim(),
    kind: hasVariables ? 'template' : 'macro',
    ...(language && { language }),
  };
}

/** What stands in the way of saving; empty when nothing does. */
export function macroProblem({ title, text, intents, categories }: MacroText): string {
  if (title.trim() === '') return 'Please give it a title.';
  if (text.trim() === '') return 'Please write what it says.';
  const length = [...text].length;
  if (length > MAX_MACRO_CHARS) return `It has ${length} characters, and ${MAX_MACRO_CHARS} at most.`;
  const unknown = piecesOf(text).find((piece) => piece.isKnown === false);
  if (unknown) return `There is no variable “${unknown.variable}”. Please choose one of those below the text.`;
  if (intents.length > MAX_MACRO_LABELS) return `It answers ${MAX_MACRO_LABELS} intents at most.`;
  return categories.length > MAX_MACRO_LABELS ? `It is for ${MAX_MACRO_LABELS} categories at most.` : '';
}

/** Whether leaving would lose something. */
export function isMacroChanged(saved: MacroText, now: MacroText): boolean {
  return JSON.stringify(plain(saved)) !== JSON.stringify(plain(now));
}

function plain({ title, text, language, channels, intents, categories }: MacroText) {
  return [title.trim(), text, language, [...channels].sort(), [...intents].sort(), [...categories].sort()];
}
