import { useEffect } from 'preact/hooks';
import type { DecisionInputs, FeedbackField } from '../../../shared/learning';
import type { Analysis } from '../../../shared/wire';
import { mayWrite } from '../api/session';
import { byWhom, type FieldState } from '../state/feedback';
import { choicesOf, FIELD_NAMES, NONE, valueName, valueNameIn } from '../state/fields';
import { loadOwnIntents, ownIntents } from '../state/own-intents';
import { pageHref } from '../state/router';
import type { Thread } from '../state/thread';
import { Icon } from './icon';
import { Menu, MenuItem } from './menu';
import { Face, MOOD_NAMES, percent } from './mood';
import { shownMood } from './reading';

interface Props {
  thread: Thread;
  messageId: string;
  analysis: Analysis;
  /** Absent until the decision is here. */
  inputs: DecisionInputs | undefined;
}

/** What was read, field by field, each with a click to confirm it and a menu to correct it. */
export function ReadFields(props: Props) {
  const { thread, messageId, analysis, inputs } = props;
  useEffect(() => {
    if (ownIntents.value === null) void loadOwnIntents();
  }, []);
  const fields: FeedbackField[] = ['sentiment', 'intent', 'category', 'priority', 'language'];
  if (analysis.intent?.own || (ownIntents.value ?? []).length > 0) fields.splice(2, 0, 'own_intent');
  return (
    <section class="card" aria-labelledby="read-title">
      <h4 id="read-title">{mayWrite.value ? 'Is this right?' : 'What was read'}</h4>
      <ul class="fields">
        {fields.map((field) => (
          <Field key={field} {...props} state={thread.feedbacks.stateOf(messageId, analysis, field, inputs)} />
        ))}
      </ul>
    </section>
  );
}

function Field({ thread, messageId, analysis, state }: Props & { state: FieldState }) {
  const { field, decided, value, verdict } = state;
  const name = FIELD_NAMES[field];
  const shown = value === null ? 'Not read' : valueNameOf(analysis, state);
  const give = (next: string | null) => thread.feedbacks.give(messageId, field, next);
  const sure = confidenceOf(analysis, field);
  const was = decided === null ? 'not read' : decidedName(analysis, field, decided);
  return (
    <li class={`field ${verdict ?? ''}`}>
      <span class="field-name">{name}</span>
      <span class={`field-value ${value === null ? 'none' : ''}`}>
        {field === 'sentiment' && <Face label={shownMood(analysis, state)} />}
        {shown}
        {verdict === null && sure !== undefined && (
          <span class="field-sure" title="How sure the model is">
            {percent(sure)}
          </span>
        )}
      </span>
      {mayWrite.value && (
        <span class="field-actions">
          {decided !== null && (
            <button
              type="button"
              class="field-confirm"
              aria-pressed={verdict === 'confirmed'}
              aria-label={`${name}: ${was} is right`}
              title="This is right"
              onClick={() => give(verdict === 'confirmed' ? null : decided)}
            >
              <Icon name="check" />
            </button>
          )}
          <Menu
            name={`Correct the ${name.toLowerCase()}`}
            label={`Correct the ${name.toLowerCase()}`}
            buttonClass="field-correct"
            button={<Icon name="chevron" />}
            onOpen={() => {
              if (field === 'own_intent') void loadOwnIntents();
            }}
          >
            {(close) => <Choices analysis={analysis} state={state} give={give} close={close} />}
          </Menu>
        </span>
      )}
      {verdict !== null && (
        <span class="field-said">
          {verdict === 'confirmed' ? 'Confirmed' : 'Corrected'} {byWhom(state.by)}
          {verdict === 'corrected' && `, was ${was}`}
        </span>
      )}
    </li>
  );
}

function Choices(props: {
  analysis: Analysis;
  state: FieldState;
  give: (value: string | null) => void;
  close: () => void;
}) {
  const { analysis, state, give, close } = props;
  const { field, decided, value, verdict } = state;
  return (
    <>
      {choicesOf(field, analysis).map((choice) => (
        <MenuItem
          key={choice}
          checked={choice === value}
          onSelect={() => {
            close();
            give(choice);
          }}
        >
          {field === 'sentiment' && <Face label={choice as 'negative' | 'neutral' | 'positive'} />}
          <span class="menu-text">
            {choice === NONE ? valueName(field, NONE) : valueNameIn(analysis, field, choice)}
          </span>
          {choice === decided && <span class="menu-note">as read</span>}
        </MenuItem>
      ))}
      {(verdict !== null || field === 'own_intent') && <hr />}
      {field === 'own_intent' && (
        <MenuItem
          onSelect={() => {
            close();
            location.hash = pageHref('intents');
          }}
        >
          <Icon name="spark" />
          All own intents
        </MenuItem>
      )}
      {verdict !== null && (
        <MenuItem
          onSelect={() => {
            close();
            give(null);
          }}
        >
          <Icon name="undo" />
          Take my word back
        </MenuItem>
      )}
    </>
  );
}

/** The decision's mood has five steps, a correction three. */
function valueNameOf(analysis: Analysis, state: FieldState): string {
  if (state.field === 'sentiment') return MOOD_NAMES[shownMood(analysis, state)];
  return valueNameIn(analysis, state.field, state.value ?? NONE);
}

/** What the model said, with the step of the mood that a correction does not have. */
function decidedName(analysis: Analysis, field: FeedbackField, decided: string): string {
  const { polarity, label } = analysis.sentiment;
  return field === 'sentiment' && decided === polarity ? MOOD_NAMES[label] : valueNameIn(analysis, field, decided);
}

/** Absent where rules decide, which are not more or less sure. */
function confidenceOf(analysis: Analysis, field: FeedbackField): number | undefined {
  switch (field) {
    case 'sentiment':
      return analysis.sentiment.confidence;
    case 'intent':
      return analysis.intent?.confidence;
    case 'category':
      return analysis.categories?.[0]?.score;
    case 'language':
      return analysis.language?.confidence;
    case 'own_intent':
      return analysis.intent?.own?.confidence;
    case 'priority':
      return undefined;
  }
}
