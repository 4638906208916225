/** Completion of handles from the instance, as somebody types: not at each key, and never out of order. */
import type { PersonHit } from '@infrasound/client';
import type { ReactiveController, ReactiveControllerHost } from 'lit';

import type { App } from './app.ts';

const PAUSE = 180;
const SHORTEST = 2;

export class PeopleSearch implements ReactiveController {
  hits: PersonHit[] = [];
  readonly #host: ReactiveControllerHost;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: AbortController | undefined;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  hostDisconnected(): void {
    clearTimeout(this.#timer);
    this.#running?.abort();
  }

  search(app: App, query: string): void {
    clearTimeout(this.#timer);
    this.#running?.abort();
    const wanted = query.trim().replace(/^@/, '');
    if (wanted.length < SHORTEST) {
      this.#show([]);
      return;
    }
    this.#timer = setTimeout(() => void this.#run(app, wanted), PAUSE);
  }

  async #run(app: App, query: string): Promise<void> {
    const controller = this.#running = new AbortController();
    try {
      const hits = await app.connected.searchPeople(query, { signal: controller.signal });
      if (!controller.signal.aborted) this.#show(hits);
    } catch {
      // Completion is a help, and no more: the handle can be typed in full.
    }
  }

  #show(hits: PersonHit[]): void {
    this.hits = hits;
    this.#host.requestUpdate();
  }
}
