import { batch, signal } from '@preact/signals';
import type {
  ConsentList,
  ConsentPurpose,
  ConsentSource,
  ConsentState,
  Customer,
  Export,
  NewConsent,
} from '../../../shared/customers';
import type { Conversation } from '../../../shared/wire';
import {
  addConsent,
  askForExport,
  listConsents,
  listCustomers,
  listExports,
  listTheirConversations,
  makeLink,
  readCustomer,
} from '../api/customers';
import { ApiError } from '../api/http';
import { Loaded } from './loaded';
import { reasonOf } from './reason-of';
import { toast } from './toasts';

/** The list, as it was searched. */
export const customers = new Loaded<Customer[]>();
/** For the next page; undefined at the end. */
export const nextCustomers = signal<string | undefined>(undefined);
export const query = signal('');

/** One customer, `missing` when there is none. */
export const customer = new Loaded<Customer | 'missing'>();
export const theirConversations = new Loaded<Conversation[]>();
export const consents = new Loaded<ConsentList>();
export const exports = new Loaded<Export[]>();

/** Which dialog of a customer is open. */
export const dialog = signal<'consent' | 'export' | null>(null);

/** How long nobody types before it is searched. */
const PAUSE_MS = 250;
/** How often one who is not here is looked for: who has just written is in lists a moment later. */
const LOOKS_FOR_A_NEW_ONE = 4;
/** How often an archive that is under way is looked at. */
const LOOK_EVERY_MS = 1_500;

export const PURPOSE_NAMES: Record<ConsentPurpose, string> = {
  marketing: 'Offers and news',
  analytics: 'Measuring use',
  automated_processing: 'Decisions by software alone',
  sensitive_data: 'Sensitive data',
  sale_or_sharing: 'Sale or sharing of data',
};

export const STATE_NAMES: Record<ConsentState, string> = { given: 'Agreed', withdrawn: 'Declined' };

export const SOURCE_NAMES: Record<ConsentSource, string> = {
  conversation: 'in a conversation',
  web_form: 'in a form on a website',
  letter: 'in a mail or letter',
  phone: 'on the phone',
  in_person: 'face to face',
  import: 'from another system',
  global_privacy_control: 'by their browser (Global Privacy Control)',
};

let timer = 0;

export function search(text: string): void {
  query.value = text;
  window.clearTimeout(timer);
  timer = window.setTimeout(() => void loadCustomers(), PAUSE_MS);
}

export function loadCustomers(): Promise<void> {
  return customers.load(async () => {
    const page = await listCustomers(query.value.trim());
    nextCustomers.value = page.next_cursor;
    return page.customers;
  });
}

export async function loadMoreCustomers(): Promise<void> {
  const asked = query.value;
  try {
    const page = await listCustomers(asked.trim(), nextCustomers.value);
    if (asked !== query.value) return;
    batch(() => {
      customers.value.value = [...(customers.value.value ?? []), ...page.customers];
      nextCustomers.value = page.next_cursor;
    });
  } catch (error) {
    toast(`The rest was not loaded. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
}

/** Reads all of a customer, and looks at archives while one is under way. Gives what ends it. */
export function openCustomer(id: string, mayRead: boolean): () => void {
  const loadAll = () => {
    void loadCustomer(id);
    void theirConversations.load(() => listTheirConversations(id));
    if (mayRead) {
      void consents.load(() => listConsents(id));
      void exports.load(() => listExports(id));
    }
  };
  loadAll();
  let looksLeft = LOOKS_FOR_A_NEW_ONE;
  const watch = window.setInterval(() => {
    if (customer.value.value === 'missing' && looksLeft > 0) {
      looksLeft -= 1;
      loadAll();
    }
    const moves = exports.value.value?.some(({ state }) => state === 'requested' || state === 'running');
    if (moves) void exports.load(() => listExports(id));
  }, LOOK_EVERY_MS);
  return () => {
    window.clearInterval(watch);
    batch(() => {
      dialog.value = null;
      customer.value.value = null;
      theirConversations.value.value = null;
      consents.value.value = null;
      exports.value.value = null;
    });
  };
}

export function loadCustomer(id: string): Promise<void> {
  return customer.load(async () => {
    try {
      return await readCustomer(id);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return 'missing';
      throw error;
    }
  });
}

/** Throws what the form shows. */
export async function recordConsent(id: string, consent: NewConsent): Promise<void> {
  await addConsent(id, consent);
  dialog.value = null;
  toast('It is recorded');
  await consents.load(() => listConsents(id));
}

export async function requestExport(id: string, includeNotes: boolean): Promise<void> {
  try {
    await askForExport(id, includeNotes);
    toast('The archive is being written');
  } catch (error) {
    toast(`Nothing was asked for. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
  dialog.value = null;
  await exports.load(() => listExports(id));
}

/** Fetches an archive by a link that is made for it. */
export async function download(id: string, exportId: string): Promise<void> {
  try {
    const link = document.createElement('a');
    link.href = await makeLink(id, exportId);
    link.download = '';
    link.click();
  } catch (error) {
    toast(`The archive was not fetched. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
}
