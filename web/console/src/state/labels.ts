import type { Priority } from '../../../shared/wire';

// Words for the codes of an analysis. A code that is not listed is shown with spaces for underscores: models may learn new
// ones before this page does.

export const PRIORITY_NAMES: Record<Priority, string> = {
  urgent: 'Urgent',
  high: 'High',
  normal: 'Normal',
  low: 'Low',
};

const INTENT_NAMES: Record<string, string> = {
  billing_inquiry: 'Billing question',
  refund_request: 'Refund request',
  cancellation: 'Cancellation',
  account_access: 'Account access',
  order_status: 'Order status',
  shipping_inquiry: 'Shipping question',
  technical_support: 'Technical support',
  product_question: 'Product question',
  feedback: 'Feedback',
  other: 'Something else',
};

export const INTENTS: readonly string[] = Object.keys(INTENT_NAMES);

/** The account's own intents are not here: they carry their names. */
export function intentName(code: string): string {
  return INTENT_NAMES[code] ?? words(code);
}

const CATEGORY_NAMES: Record<string, string> = {
  billing: 'Billing',
  refunds: 'Refunds',
  orders: 'Orders',
  shipping: 'Shipping',
  account: 'Account',
  security: 'Security',
  subscription: 'Subscription',
  technical: 'Technical',
  product: 'Product',
  feedback: 'Feedback',
};

export const CATEGORIES: readonly string[] = Object.keys(CATEGORY_NAMES);

export function categoryName(code: string): string {
  return CATEGORY_NAMES[code] ?? words(code);
}

const ENTITY_NAMES: Record<string, string> = {
  order_number: 'Order number',
  email: 'E-mail address',
  phone: 'Phone number',
  url: 'Web address',
};

export function entityName(kind: string): string {
  return ENTITY_NAMES[kind] ?? words(kind);
}

const languages = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'code' });

/** Those that the identifier knows, by their English names. */
export const LANGUAGES: readonly string[] = ['da', 'nl', 'en', 'fi', 'fr', 'de', 'it', 'nb', 'pl', 'pt', 'es', 'sv'];

/** `Finnish` for `fi`; the code itself where nobody knows it. */
export function languageName(code: string): string {
  try {
    return languages.of(code) ?? code;
  } catch {
    return code;
  }
}

/** `Order status` of `order_status`. */
export function words(code: string): string {
  const text = code.replaceAll('_', ' ').trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
