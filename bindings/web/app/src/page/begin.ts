/** Begins with what takes longest, the client in its worker. The rest of the app is loaded and drawn meanwhile. */
import './client.ts';

void import('./page.ts');
