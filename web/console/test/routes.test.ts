import assert from 'node:assert/strict';
import test from 'node:test';
import { PAGE_WORDS, routeOf } from '../src/state/routes.ts';

const ULID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

test('every page has an address of its own', () => {
  for (const page of PAGE_WORDS) assert.equal(routeOf(`#/${page}`).page, page);
});

test('a conversation, a customer, an article and a macro have theirs', () => {
  assert.equal(routeOf(`#/conversations/cnv_${ULID}`).conversationId, `cnv_${ULID}`);
  assert.equal(routeOf(`#/conversations/cnv_${ULID}`).page, null);
  const customer = routeOf(`#/customers/cus_${ULID}`);
  assert.deepEqual([customer.page, customer.customerId], ['customers', `cus_${ULID}`]);
  for (const word of [`art_${ULID}`, 'new', 'import', 'search', 'gaps']) {
    const route = routeOf(`#/articles/${word}`);
    assert.deepEqual([route.page, route.article], ['articles', word]);
  }
  for (const word of [`mac_${ULID}`, 'new']) {
    const route = routeOf(`#/macros/${word}`);
    assert.deepEqual([route.page, route.macro], ['macros', word]);
  }
  assert.equal(routeOf('#/articles').article, null);
});

test('anything else is nowhere', () => {
  for (const fragment of [
    ...[
      '',
      '#',
      '#/',
      '#/nothing',
      '#articles',
      '#/articles/',
      '#/articles/art_',
      '#/articles/mac_1',
      '#/macros/import',
    ],
    ...[
      `#/conversations/cnv_${ULID}/x`,
      '#/conversations/new',
      '#/articles/art_1?x',
      '#/articles/../macros',
      '#/macros/new#',
    ],
  ]) {
    const { page, conversationId, customerId, article, macro } = routeOf(fragment);
    assert.deepEqual([page, conversationId, customerId, article, macro], [null, null, null, null, null], fragment);
  }
});
