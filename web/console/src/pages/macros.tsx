import { useEffect } from 'preact/hooks';
import { Icon } from '../components/icon';
import { MacroEditor } from '../components/macro-editor';
import { MacroList, SuggestionUse } from '../components/macro-list';
import { Page, PageSkeleton } from '../components/page';
import { Empty, Failed } from '../components/states';
import { dropMacroDraft, isMacroUnsaved, macroDrafts, NEW_MACRO, openMacroDraft } from '../state/macro-draft';
import { finishMacroRemovals, loadMacrosPage, macros, mayManageMacros } from '../state/macros';
import { macroHref, openMacro, pageHref } from '../state/router';
import { toast } from '../state/toasts';

/** What is said often: all macros, or one. */
export function Macros() {
  useEffect(() => {
    void loadMacrosPage();
    return () => void finishMacroRemovals();
  }, []);
  const what = openMacro.value;
  return what === null ? <ListPage /> : <OneMacro key={what} id={what} />;
}

function ListPage() {
  const may = mayManageMacros.value;
  return (
    <Page
      title="Macros"
      lead="Answers that you have written once. They are offered where they fit."
      tools={
        may && (
          <a class="button primary" href={macroHref(NEW_MACRO)}>
            <Icon name="plus" />
            New macro
          </a>
        )
      }
    >
      {!may && <p class="page-note">You can use them and look at them. Managers, admins and owners write macros.</p>}
      {macros.value.value ? (
        <>
          <SuggestionUse />
          <MacroList />
        </>
      ) : macros.state.value === 'failed' ? (
        <Failed
          title="The macros could not be loaded"
          detail="Nothing has changed. Please try again."
          onRetry={() => void loadMacrosPage()}
        />
      ) : (
        <PageSkeleton what="the macros" />
      )}
    </Page>
  );
}

function OneMacro({ id }: { id: string }) {
  const isNew = id === NEW_MACRO;
  const list = macros.value.value;
  const macro = list?.find((one) => one.id === id) ?? null;
  const isHere = isNew || macro !== null;
  useEffect(() => {
    if (isHere) openMacroDraft(id, macro);
  }, [id, isHere]);
  useEffect(
    () => () => {
      const left = macroDrafts.value.get(id);
      if (!left) return;
      if (!isMacroUnsaved(left)) return dropMacroDraft(id);
      const back = () => {
        location.hash = macroHref(id);
      };
      toast('Your changes to the macro are kept, not saved', { action: { label: 'Go back', run: back } });
    },
    [id],
  );
  const draft = macroDrafts.value.get(id);
  const tools = (
    <a class="button ghost" href={pageHref('macros')}>
      <Icon name="back" />
      All macros
    </a>
  );
  if (isNew && !mayManageMacros.value) {
    return (
      <Page title="New macro" lead="An answer, written once." tools={tools}>
        <p class="page-note">Managers, admins and owners write macros.</p>
      </Page>
    );
  }
  if (!isHere || !draft) {
    return (
      <Page title="Macro" lead="An answer, written once." tools={tools}>
        {macros.state.value === 'failed' ? (
          <Failed
            title="The macro could not be loaded"
            detail="Nothing has changed. Please try again."
            onRetry={() => void loadMacrosPage()}
          />
        ) : list && macros.state.value === 'ready' && !isHere ? (
          <Empty icon="bolt" title="There is no such macro, or it was deleted" />
        ) : (
          <PageSkeleton what="the macro" />
        )}
      </Page>
    );
  }
  return (
    <Page wide title={isNew ? 'New macro' : draft.saved.title} lead="Plain text. Variables make a template of it.">
      <MacroEditor key={id} draft={draft} macro={macro} />
    </Page>
  );
}
