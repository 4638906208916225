/** Browsers, each with a store of its own, and tabs in them that hold a client. */

import assert from 'node:assert/strict';
import { after } from 'node:test';

import type { Client, Status } from '@infrasound/client';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

import { afterwards } from './afterwards.ts';
import { newAccount, type Account } from './account.ts';
import { environment } from './environment.ts';
import type { Site } from './site.ts';

declare global {
  interface Window {
    client: Client;
    /** What a test keeps in a page between two steps. */
    kept: Record<string, unknown>;
  }
}

let connected: Promise<Browser> | undefined;

/** The Chromium of all tests. */
export function theBrowser(): Promise<Browser> {
  connected ??= chromium.connect(environment.browser);
  return connected;
}

after(async () => (await connected)?.close());

/** One person's browser. */
export class Person {
  readonly errors: string[] = [];
  account!: Account;

  private constructor(
    readonly context: BrowserContext,
    readonly site: Site,
  ) {
    afterwards(() => context.close());
    context.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(`${message.text()} (${message.location().url})`);
    });
    context.on('weberror', (error) => this.errors.push(String(error.error())));
  }

  /** A browser in which nobody has signed in. */
  static async visit(site: Site): Promise<Person> {
    return new Person(await (await theBrowser()).newContext(), site);
  }

  /** A browser in a context that the test has made. */
  static in(context: BrowserContext, site: Site): Person {
    return new Person(context, site);
  }

  /** A browser that is the first device of a new account, and a tab in it. */
  static async signedIn(site: Site, name: string, context?: BrowserContext): Promise<{ person: Person; tab: Tab }> {
    const person = context ? Person.in(context, site) : await Person.visit(site);
    person.account = await newAccount(name);
    const tab = await person.tab();
    await tab.register(person.account);
    return { person, tab };
  }

  get handle(): string {
    return this.account.handle;
  }

  /** Opens a tab with a client. */
  async tab(): Promise<Tab> {
    const page = await this.context.newPage();
    await page.goto(this.site.base);
    const tab = new Tab(page);
    await tab.connect();
    return tab;
  }

  /** Closes it, and looks whether anything went wrong in it that the test did not mean to. */
  async close(meant: RegExp = /$./): Promise<void> {
    await this.context.close();
    assert.deepEqual(
      this.errors.filter((error) => !meant.test(error)),
      [],
      'nothing is said on the console',
    );
  }
}

/** A tab with a client in it. */
export class Tab {
  constructor(readonly page: Page) {}

  async connect(): Promise<void> {
    await this.page.evaluate(async () => {
      // Where the site serves the package.
      const path = '/client/index.js';
      const { connect } = (await import(path)) as typeof import('@infrasound/client');
      window.kept = {};
      window.client = await connect();
    });
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.connect();
  }

  /** Makes it a device of an account that has none, and waits until others can write to it. */
  async register({ token }: Account, options: { deviceName?: string; startOver?: boolean } = {}): Promise<void> {
    await this.run(
      async (client, { token, options }) => {
        const ticket = await client.signInWithToken(token);
        await client.register(ticket, { deviceName: 'browser', ...options });
      },
      { token, options },
    );
    await this.caughtUp();
  }

  /** Runs a function in the page, with the client. It must refer to nothing outside of itself, and its argument be JSON. */
  async run<T, A = undefined>(step: (client: Client, given: A) => Promise<T> | T, given?: A): Promise<T> {
    const argument = given === undefined ? 'undefined' : JSON.stringify(given);
    return this.page.evaluate(`(${step.toString()})(window.client, ${argument})`) as Promise<T>;
  }

  async status(): Promise<Status> {
    return this.run((client) => client.status);
  }

  /** Waits until the status is so. */
  async until(what: string, reached: (status: Status) => boolean, limit = 20_000): Promise<Status> {
    const deadline = Date.now() + limit;
    for (;;) {
      const status = await this.status();
      if (reached(status)) return status;
      if (Date.now() > deadline) assert.fail(`not in time: ${what}; the status is ${JSON.stringify(status)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  caughtUp(): Promise<Status> {
    return this.until('it is caught up', ({ phase, caughtUp }) => phase === 'ready' && caughtUp);
  }
}
