// The JSON of the assistant, as docs/API.md describes it.

export interface AssistantSettings {
  is_enabled: boolean;
  /** 0 to 1. */
  min_confidence: number;
}

export type HandOffReason =
  | 'requested'
  | 'escalated'
  | 'own_case'
  | 'no_article'
  | 'not_sure'
  | 'said_before'
  | 'unsupported'
  | 'too_many_answers'
  | 'failed'
  | 'stopped'
  | 'taken_over';

export interface AssistantFigures {
  since: string;
  n_conversations: number;
  n_answered: number;
  n_deflected: number;
  n_solved: number;
  hand_offs: { reason: HandOffReason; n_conversations: number }[];
  /** 0 to 1; absent before the first conversation. */
  deflection?: number;
}

export interface AssistantView {
  /** Absent while it answers. */
  stopped_at?: string;
  figures: AssistantFigures;
}
