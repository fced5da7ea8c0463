import { forgetArticleDrafts } from './article-draft';
import { forgetDrafts } from './drafts';
import { forgetIntentDraft } from './intent-draft';
import { forgetMacroDraft } from './macro-draft';

/** What somebody has begun to write is theirs: it goes with them. */
export function forgetWriting(): void {
  forgetDrafts();
  forgetIntentDraft();
  forgetArticleDrafts();
  forgetMacroDraft();
}
