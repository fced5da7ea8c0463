// The JSON of text generators, as docs/API.md describes it. Money is millionths of a dollar.

export interface GeneratorSettings {
  is_on: boolean;
  monthly_budget_micro_dollars: number;
}

export interface GeneratorProvider {
  name: string;
  /** `openai`, `anthropic`, `workers_ai`. */
  kind: string;
  model: string;
  /** A server of the deployment's own, which is sent names and addresses as they are. */
  is_inside: boolean;
  /** Whether its key is there. */
  is_ready: boolean;
}

export interface Generators {
  settings: GeneratorSettings;
  /** In the order in which they are asked. */
  providers: GeneratorProvider[];
  is_misconfigured: boolean;
}

export interface GeneratorUsageRow {
  /** As `2026-11`, UTC. */
  month: string;
  provider: string;
  model: string;
  n_requests: number;
  input_tokens: number;
  output_tokens: number;
  micro_dollars: number;
  /** Requests whose cost is estimated. */
  n_estimates: number;
}

export interface GeneratorUsage {
  month: string;
  spent_micro_dollars: number;
  held_micro_dollars: number;
  left_micro_dollars: number;
  usage: GeneratorUsageRow[];
}
