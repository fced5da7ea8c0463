import { RISK_ALERT } from '../../../shared/wire';
import { percent } from './mood';

/** `RISK_MEDIUM` of the domain crate. */
const RISK_MEDIUM = 0.5;

export function RiskMeter({ risk, id = 'risk-label' }: { risk: number; id?: string }) {
  const level = risk > RISK_ALERT ? 'high' : risk > RISK_MEDIUM ? 'medium' : 'low';
  return (
    <div class="risk-meter">
      <span id={id}>Escalation risk</span>
      <span class="risk-value">{percent(risk)}</span>
      <meter class={level} min={0} max={1} value={risk} aria-labelledby={id} />
    </div>
  );
}
