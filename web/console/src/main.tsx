import { render } from 'preact';
import { sessionState, startSession } from './api/session';
import { Desk } from './pages/desk';
import { Login } from './pages/login';

function App() {
  switch (sessionState.value) {
    case 'starting':
      return (
        <main class="starting" aria-busy="true">
          <img src="/favicon.svg" width="44" height="44" alt="" />
          <span class="visually-hidden">Edgedesk is starting</span>
        </main>
      );
    case 'out':
      return <Login />;
    case 'in':
      return <Desk />;
  }
}

const root = document.getElementById('app');
if (root) render(<App />, root);
void startSession();
