/** With whom the key is not what it was, and nobody has looked yet: kept, since such a warning must outlive a reload. */
import type { ConversationId } from '@infrasound/client';

const key = (store: string) => `${store}-changed-keys`;

export function load(store: string): Set<ConversationId> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key(store)) ?? '[]');
    return new Set(Array.isArray(kept) ? kept.filter((id) => typeof id === 'string') : []);
  } catch {
    return new Set();
  }
}

export function save(store: string, changed: ReadonlySet<ConversationId>): void {
  try {
    if (changed.size === 0) localStorage.removeItem(key(store));
    else localStorage.setItem(key(store), JSON.stringify([...changed]));
  } catch {
    // Where nothing can be stored it lasts as long as the page.
  }
}
