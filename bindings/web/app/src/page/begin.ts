/** Begins with what takes longest, the client in its worker. The rest of the app is loaded and drawn meanwhile. */
import { client } from './client.ts';
import './opened.ts';

// The page imports these in its turn: waiting for it here would be waiting for oneself.
import('./page.ts').catch(fail);

/** The texts are in what could not be loaded. */
function fail(): void {
  // It would lead the other tabs, and nobody would see it.
  client.then((client) => client.close()).catch(() => undefined);
  const main = document.createElement('main');
  main.className = 'failed';
  main.lang = 'en';
  const title = document.createElement('h1');
  title.textContent = 'Infrasound';
  const text = document.createElement('p');
  text.setAttribute('role', 'alert');
  text.textContent = 'The app could not be loaded. Are you online?';
  const button = document.createElement('button');
  button.textContent = 'Try again';
  button.addEventListener('click', () => location.reload());
  main.append(title, text, button);
  document.body.replaceChildren(main);
}
