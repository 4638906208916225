/** People whose name or handle begins so, as the relay finds them at its instance. Spec: `relay-api.md` 8. */

import type { PersonHit } from '../api.js';
import type { Transport } from '../shared/transport.js';

interface Found {
  accounts: { handle: string; name: string }[];
}

/** None where there is no search, or no answer. */
export async function search(transport: Transport, token: string | undefined, query: string): Promise<PersonHit[]> {
  const q = query.trim().replace(/^@/, '');
  if (q === '' || token === undefined) return [];
  try {
    const path = `/v1/accounts/search?${new URLSearchParams({ q })}`;
    const { status, body } = await transport.request({ method: 'GET', path, token });
    if (status !== 200) return [];
    const { accounts } = JSON.parse(new TextDecoder().decode(body)) as Found;
    return accounts.map(({ handle, name }) => ({ handle, displayName: name || handle }));
  } catch {
    return [];
  }
}
