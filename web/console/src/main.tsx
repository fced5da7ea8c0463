import { render } from 'preact';
import { sessionState, startSession } from './api/session';
import { Desk } from './pages/desk';
import { InvitationPage } from './pages/invitation';
import { Login } from './pages/login';
import { SignUp } from './pages/sign-up';
import { invitationToken, isSigningUp } from './state/router';

function App() {
  const token = invitationToken.value;
  if (token && sessionState.value !== 'starting') return <InvitationPage key={token} token={token} />;
  switch (sessionState.value) {
    case 'starting':
      return (
        <main class="starting" aria-busy="true">
          <img src="/favicon.svg" width="44" height="44" alt="" />
          <span class="visually-hidden">Edgedesk is starting</span>
        </main>
      );
    case 'out':
      return isSigningUp.value ? <SignUp /> : <Login />;
    case 'in':
      return <Desk />;
  }
}

const root = document.getElementById('app');
if (root) render(<App />, root);
void startSession();
