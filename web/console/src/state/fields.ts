import type { FeedbackField } from '../../../shared/learning';
import type { Analysis, Priority, Sentiment } from '../../../shared/wire';
import { CATEGORIES, categoryName, INTENTS, intentName, LANGUAGES, languageName, PRIORITY_NAMES } from './labels';
import { ownIntentName, ownIntents } from './own-intents';

/** Says that no category, or none of the account's own intents, is right. */
export const NONE = 'none';

export const FIELD_NAMES: Record<FeedbackField, string> = {
  sentiment: 'Mood',
  intent: 'Intent',
  category: 'Category',
  priority: 'Priority',
  language: 'Language',
  own_intent: 'Own intent',
};

export const POLARITY_NAMES: Record<Sentiment['polarity'], string> = {
  negative: 'Unhappy',
  neutral: 'Neutral',
  positive: 'Happy',
};

/** What a person reads for a value of a field. */
export function valueName(field: FeedbackField, value: string): string {
  switch (field) {
    case 'sentiment':
      return POLARITY_NAMES[value as Sentiment['polarity']] ?? value;
    case 'intent':
      return intentName(value);
    case 'category':
      return value === NONE ? 'No category' : categoryName(value);
    case 'priority':
      return PRIORITY_NAMES[value as Priority] ?? value;
    case 'language':
      return languageName(value);
    case 'own_intent':
      return value === NONE ? 'None of yours' : ownIntentName(value);
  }
}

/** Like `valueName`, with the name that an own intent had when the decision was made. */
export function valueNameIn(analysis: Analysis, field: FeedbackField, value: string): string {
  const own = analysis.intent?.own;
  return field === 'own_intent' && own?.intent_id === value ? own.name : valueName(field, value);
}

/** What a person may choose, which leaves out nothing that the model said. */
export function choicesOf(field: FeedbackField, analysis: Analysis): string[] {
  switch (field) {
    case 'sentiment':
      return ['negative', 'neutral', 'positive'];
    case 'intent':
      return withKnown(INTENTS, [analysis.intent?.primary]);
    case 'category':
      return [...withKnown(CATEGORIES, analysis.categories?.map((scored) => scored.category) ?? []), NONE];
    case 'priority':
      return ['urgent', 'high', 'normal', 'low'];
    case 'language':
      return withKnown(LANGUAGES, [analysis.language?.code]);
    case 'own_intent':
      return [...(ownIntents.value ?? []).map((intent) => intent.id), NONE];
  }
}

function withKnown(listed: readonly string[], said: (string | undefined)[]): string[] {
  return [...listed, ...said.filter((code): code is string => code !== undefined && !listed.includes(code))];
}
