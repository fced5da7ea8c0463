import { useEffect } from 'preact/hooks';
import type { Customer } from '../../../shared/customers';
import { mayRunAccount } from '../api/session';
import { Avatar } from '../components/avatar';
import { ConsentCard } from '../components/customer-consents';
import { ExportCard } from '../components/customer-exports';
import { Icon } from '../components/icon';
import { Page, PageSkeleton } from '../components/page';
import { PrivacyActions } from '../components/privacy-dialogs';
import { Empty, Failed } from '../components/states';
import { StatusPill } from '../components/status-pill';
import { fullTime } from '../state/clock';
import {
  customer,
  customers,
  loadCustomer,
  loadCustomers,
  loadMoreCustomers,
  nextCustomers,
  openCustomer,
  query,
  search,
  theirConversations,
} from '../state/customers';
import { conversationHref, customerHref, openCustomerId, pageHref } from '../state/router';

/** Who writes in: all of them, or one. */
export function Customers() {
  const id = openCustomerId.value;
  return id ? <OneCustomer key={id} id={id} /> : <CustomerListPage />;
}

function CustomerListPage() {
  useEffect(() => {
    void loadCustomers();
  }, []);
  const known = customers.value.value;
  return (
    <Page title="Customers" lead="Who has written to you, those who came last first.">
      <div class="search customer-search">
        <Icon name="search" />
        <input
          type="search"
          placeholder="Begins with…"
          aria-label="Search customers by the beginning of a name or an address"
          maxLength={200}
          value={query.value}
          onInput={(event) => search(event.currentTarget.value)}
        />
      </div>
      {known ? (
        <CustomerList list={known} />
      ) : customers.state.value === 'failed' ? (
        <Failed
          title="The customers could not be loaded"
          detail="Nothing has changed. Please try again."
          onRetry={() => void loadCustomers()}
        />
      ) : (
        <PageSkeleton what="the customers" />
      )}
    </Page>
  );
}

function CustomerList({ list }: { list: Customer[] }) {
  if (list.length === 0) {
    return query.value.trim() === '' ? (
      <Empty icon="user" title="Nobody has written yet" />
    ) : (
      <Empty icon="search" title="Nobody’s name or address begins like this" />
    );
  }
  return (
    <section class="card list-card" aria-label="List of customers">
      <ul class="intents">
        {list.map((one) => (
          <li key={one.id} class="intent customer">
            <Avatar id={one.id} name={nameOf(one)} size="s" />
            <div class="intent-main">
              <a class="key-name" href={customerHref(one.id)}>
                {nameOf(one)}
              </a>
              <span class="intent-counts">
                {one.email && one.email !== nameOf(one) && `${one.email} · `}
                {counted(one.n_conversations)}
                {one.last_active_at && ` · last ${fullTime(one.last_active_at)}`}
              </span>
            </div>
          </li>
        ))}
      </ul>
      {nextCustomers.value && (
        <button type="button" class="button" onClick={() => void loadMoreCustomers()}>
          Show more
        </button>
      )}
    </section>
  );
}

function OneCustomer({ id }: { id: string }) {
  const may = mayRunAccount.value;
  useEffect(() => openCustomer(id, may), [id, may]);
  const known = customer.value.value;
  const back = (
    <a class="button ghost" href={pageHref('customers')}>
      <Icon name="back" />
      All customers
    </a>
  );
  if (known === 'missing') {
    return (
      <Page title="Customer" lead="Nobody is here." tools={back}>
        <Empty icon="user-off" title="There is no such customer, or their data was erased" />
      </Page>
    );
  }
  if (!known) {
    return (
      <Page title="Customer" lead="Who writes in." tools={back}>
        {customer.state.value === 'failed' ? (
          <Failed
            title="The customer could not be loaded"
            detail="Nothing has changed. Please try again."
            onRetry={() => void loadCustomer(id)}
          />
        ) : (
          <PageSkeleton what="the customer" />
        )}
      </Page>
    );
  }
  return (
    <Page
      title={nameOf(known)}
      lead={`${known.email ? `${known.email} · ` : ''}first wrote ${fullTime(known.first_seen_at)}`}
      tools={back}
    >
      <Conversations />
      {may && <ConsentCard customerId={id} />}
      {may && <ExportCard customerId={id} />}
      <PrivacyActions customerId={id} />
    </Page>
  );
}

function Conversations() {
  const known = theirConversations.value.value;
  return (
    <section class="card list-card" aria-labelledby="their-conversations">
      <header class="card-head">
        <h3 id="their-conversations">Conversations</h3>
      </header>
      {known ? (
        <ul class="intents">
          {known.map((one) => (
            <li key={one.conversation_id} class="intent">
              <div class="intent-main">
                <a class="key-name" href={conversationHref(one.conversation_id)}>
                  {one.subject || one.last_message?.text || 'Conversation'}
                </a>
                <span class="intent-counts">{fullTime(one.updated_at)}</span>
              </div>
              <StatusPill status={one.status} />
            </li>
          ))}
        </ul>
      ) : theirConversations.state.value === 'failed' ? (
        <p class="card-empty">They could not be loaded. Please open the page again.</p>
      ) : (
        <PageSkeleton what="conversations" />
      )}
    </section>
  );
}

function nameOf(one: Customer): string {
  return one.name || one.email || 'Without a name';
}

function counted(n: number): string {
  return n === 1 ? '1 conversation' : `${n} conversations`;
}
