import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { ArticleEditor } from '../components/article-editor';
import { ArticleFilters, ArticleList } from '../components/article-list';
import { ArticleSearchTry } from '../components/article-search';
import { CategoryDialog } from '../components/category-dialog';
import { GapList } from '../components/gap-list';
import { Icon } from '../components/icon';
import { ImportForm } from '../components/import-form';
import { IndexState } from '../components/index-state';
import { Page, PageSkeleton } from '../components/page';
import { Empty, Failed } from '../components/states';
import { articleDrafts, dropDraft, isUnsaved, NEW, openDraft } from '../state/article-draft';
import { categoriesOpen, loadArticles, loadCategories, mayManageKnowledge, mayWriteArticles } from '../state/articles';
import { articleHref, openArticle, pageHref } from '../state/router';
import { toast } from '../state/toasts';

/** The knowledge base: all articles, or one, or what is done with them together. */
export function Articles() {
  useEffect(() => void loadCategories(), []);
  const what = openArticle.value;
  if (what === null) return <ListPage />;
  if (what === 'search') {
    return (
      <Page
        title="Try the search"
        lead="What customers and the assistant would find, with the place and how near it is."
        tools={<Back />}
      >
        <ArticleSearchTry />
      </Page>
    );
  }
  if (what === 'import') {
    return (
      <Page
        title="Import articles"
        lead="Markdown, text, HTML and CSV files, or pages of your website."
        tools={<Back />}
      >
        {mayManageKnowledge.value ? <ImportForm /> : <p class="page-note">Managers import articles.</p>}
      </Page>
    );
  }
  if (what === 'gaps') {
    return (
      <Page
        title="Gaps"
        lead="What is asked again and again without an article that answers it, with a draft of each."
        tools={<Back />}
      >
        {mayManageKnowledge.value ? <GapList /> : <p class="page-note">Managers see the gaps.</p>}
      </Page>
    );
  }
  return <OneArticle key={what} id={what} />;
}

function ListPage() {
  useEffect(() => void loadArticles(), []);
  return (
    <Page
      title="Articles"
      lead="What your customers ask again and again, written down once. Suggested answers cite it."
      tools={
        <span class="page-tools">
          {mayWriteArticles.value && (
            <a class="button primary" href={articleHref(NEW)}>
              <Icon name="plus" />
              New article
            </a>
          )}
          <a class="button" href={articleHref('search')}>
            <Icon name="search" />
            Try the search
          </a>
          {mayManageKnowledge.value && (
            <a class="button" href={articleHref('gaps')}>
              <Icon name="chat" />
              Gaps
            </a>
          )}
          {mayManageKnowledge.value && (
            <a class="button" href={articleHref('import')}>
              <Icon name="import" />
              Import
            </a>
          )}
          <button
            type="button"
            class="button"
            onClick={() => {
              categoriesOpen.value = true;
            }}
          >
            <Icon name="tag" />
            Categories
          </button>
        </span>
      }
    >
      <IndexState onMoved={() => void loadArticles()} />
      <ArticleFilters />
      <ArticleList />
      {categoriesOpen.value && <CategoryDialog />}
    </Page>
  );
}

function OneArticle({ id }: { id: string }) {
  useEffect(() => {
    void openDraft(id);
    return () => {
      const draft = articleDrafts.value.get(id);
      if (!draft) return;
      if (isUnsaved(draft)) sayDraftIsKept(id);
      else dropDraft(id);
    };
  }, [id]);
  const draft = articleDrafts.value.get(id);
  const isNew = id === NEW;
  if (isNew && !mayWriteArticles.value) {
    return (
      <Shell title="New article">
        <p class="page-note">You may read articles, and not write them.</p>
      </Shell>
    );
  }
  if (!draft || draft.state === 'loading') {
    return (
      <Shell title="Article">
        <PageSkeleton what="the article" />
      </Shell>
    );
  }
  if (draft.state === 'missing') {
    return (
      <Shell title="Article">
        <Empty icon="book" title="There is no such article, or it was deleted" />
      </Shell>
    );
  }
  if (draft.state === 'failed') {
    return (
      <Shell title="Article">
        <Failed
          title="The article could not be loaded"
          detail="Nothing has changed. Please try again."
          onRetry={() => void openDraft(id)}
        />
      </Shell>
    );
  }
  return (
    <Page
      wide
      title={isNew ? 'New article' : draft.saved.title}
      lead={
        mayWriteArticles.value
          ? 'A draft is for your team alone, until somebody publishes it.'
          : 'You may read articles, and not change them.'
      }
    >
      <ArticleEditor key={id} draft={draft} />
    </Page>
  );
}

function Shell({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <Page title={title} lead="One article of the knowledge base." tools={<Back />}>
      {children}
    </Page>
  );
}

function Back() {
  return (
    <a class="button ghost" href={pageHref('articles')}>
      <Icon name="back" />
      All articles
    </a>
  );
}

/** Leaving by a link or the browser's own buttons loses nothing, and says so. */
function sayDraftIsKept(id: string): void {
  const back = () => {
    location.hash = articleHref(id);
  };
  toast('Your changes to the article are kept, not saved', { action: { label: 'Go back', run: back } });
}
