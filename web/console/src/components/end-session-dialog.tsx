import type { Session } from '../../../shared/sessions';
import { endAll, ending, endOne, nameOf } from '../state/sessions';
import { Question } from './question';

export function EndSessionDialog({ what }: { what: Session | 'all' }) {
  return (
    <Question
      title={what === 'all' ? 'Sign out everywhere?' : `Sign out ${nameOf(what)}?`}
      keep="Stay signed in"
      act="Sign out"
      acting="Signing out…"
      onCancel={() => {
        ending.value = null;
      }}
      onAct={() => void (what === 'all' ? endAll() : endOne(what))}
    >
      {what === 'all'
        ? 'Every device and browser is signed out of this account within seconds, this one too.'
        : 'Whoever uses it has to sign in again. It takes effect within seconds.'}
    </Question>
  );
}
