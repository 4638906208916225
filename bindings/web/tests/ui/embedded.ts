/** `<infrasound-messenger>` in somebody else's page, with a client that the page holds. */

import type { Client } from '@infrasound/client';
import type { Page } from 'playwright-core';

import type { Messenger } from './visitor.ts';
import { newAccount, type Account } from '../support/account.ts';
import { Person } from '../support/browser.ts';
import type { Site } from '../support/site.ts';

declare global {
  interface Window {
    /** The page's own client. */
    own: Client;
  }
}

export interface Embedded {
  person: Person;
  page: Page;
  account: Account;
}

/** A page that is not the app, with a client of its own in it that is the first device of a new account. */
export async function ownPage(site: Site, name: string): Promise<Embedded> {
  const person = await Person.visit(site);
  const account = await newAccount(name);
  const page = await person.context.newPage();
  await page.goto(site.base);
  await page.evaluate(async (token) => {
    const path = '/client/index.js';
    const { connect } = (await import(path)) as typeof import('@infrasound/client');
    window.own = await connect();
    await window.own.register(await window.own.signInWithToken(token), { deviceName: 'page' });
    for await (const { caughtUp } of window.own.watchStatus()) if (caughtUp) break;
  }, account.token);
  return { person, page, account };
}

/** Puts the element into the page, with what `disguise` makes of the page's client. It must refer to nothing outside of itself. */
export async function embed<A>(page: Page, disguise: (client: Client, given: A) => Client, given: A): Promise<void> {
  await page.evaluate(`(async () => {
    await import('/app/messenger.js');
    const messenger = document.createElement('infrasound-messenger');
    messenger.client = (${disguise.toString()})(window.own, ${JSON.stringify(given)});
    messenger.style.setProperty('height', '640px');
    document.body.append(messenger);
  })()`);
  await page.waitForFunction(() => document.querySelector<Messenger>('infrasound-messenger')?.shadowRoot?.querySelector('infrasound-sidebar'));
}
