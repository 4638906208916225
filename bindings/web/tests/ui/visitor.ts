/** Somebody with the app open in a browser. */

import assert from 'node:assert/strict';
import { join } from 'node:path';

import type { Client, Status } from '@infrasound/client';
import type { Locator, Page } from 'playwright-core';

import { newAccount, type Account } from '../support/account.ts';
import { Person, theBrowser } from '../support/browser.ts';
import { environment } from '../support/environment.ts';
import { Site } from '../support/site.ts';

/** What the relay sends with the app. */
const POLICY = [
  "default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "style-src 'self'", "img-src 'self' blob: data:", 'media-src blob:',
  "connect-src 'self'", "worker-src 'self'", "manifest-src 'self'", "base-uri 'none'", "form-action 'none'",
].join('; ');

/** The element, as far as the tests look behind it. */
export interface Messenger extends HTMLElement {
  client: Client | Promise<Client> | undefined;
  app: { client: Client | undefined; connected: Client; status: Status; listed: boolean };
}

export interface Look {
  phone?: boolean;
  dark?: boolean;
  locale?: string;
  /** Whether a service worker keeps the app. It answers before a test's routes do. */
  installed?: boolean;
}

/** The app beside the relay's API. */
export function openSite(): Promise<Site> {
  return Site.open({ app: environment.app }, POLICY);
}

export class Visitor {
  private constructor(
    readonly person: Person,
    readonly page: Page,
    readonly account: Account,
  ) {}

  /** Opens the app as the first device of a new account. */
  static async signedIn(site: Site, name: string, look: Look = {}): Promise<Visitor> {
    const account = await newAccount(name);
    const visitor = await Visitor.arrive(site, account, look);
    await visitor.page.evaluate(async (token) => {
      const client = document.querySelector<Messenger>('infrasound-messenger')!.app.connected;
      await client.register(await client.signInWithToken(token), { deviceName: 'Chromium' });
    }, account.token);
    await visitor.page.getByRole('heading', { name: 'It is quiet here' }).or(visitor.page.locator('infrasound-list')).first().waitFor();
    await visitor.caughtUp();
    return visitor;
  }

  /** Opens the app in a browser in which nobody has signed in. */
  static async arrive(site: Site, account: Account, { phone = false, dark = false, locale = 'en-GB', installed = true }: Look = {}): Promise<Visitor> {
    const context = await (await theBrowser()).newContext({
      viewport: phone ? { width: 390, height: 780 } : { width: 1360, height: 860 },
      colorScheme: dark ? 'dark' : 'light',
      locale,
      permissions: ['clipboard-read', 'clipboard-write'],
      reducedMotion: 'reduce',
      serviceWorkers: installed ? 'allow' : 'block',
    });
    const person = Person.in(context, site);
    const page = await context.newPage();
    await page.goto(`${site.base}/app/`);
    await page.waitForFunction(() => document.querySelector<Messenger>('infrasound-messenger')?.app.client !== undefined);
    return new Visitor(person, page, account);
  }

  /** Goes through the sign-in, but for the instance's own page: the ticket is from a token. */
  async signIn(token: string): Promise<void> {
    await this.page.evaluate(async (token) => {
      const messenger = document.querySelector<Messenger>('infrasound-messenger')!;
      const ticket = await messenger.app.connected.signInWithToken(token);
      const welcome = messenger.shadowRoot!.querySelector('infrasound-welcome') as HTMLElement & { ticket: unknown };
      welcome.ticket = ticket;
    }, token);
  }

  get handle(): string {
    return this.account.handle;
  }

  get name(): string {
    return this.account.name;
  }

  /** A button by its words. */
  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', typeof name === 'string' ? { name, exact: true } : { name }).filter({ visible: true });
  }

  async press(name: string | RegExp): Promise<void> {
    await this.button(name).first().click();
  }

  /** Chooses from a menu that is open. */
  async choose(name: string): Promise<void> {
    await this.page.getByRole('menuitem', { name, exact: true }).filter({ visible: true }).click();
  }

  /** Says yes to a question; what is asked is in its heading. */
  async confirm(title: RegExp, action: string): Promise<void> {
    const dialog = this.page.getByRole('dialog', { name: title });
    await dialog.waitFor();
    await this.page.locator('infrasound-dialog').getByRole('button', { name: action, exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
  }

  /** Writes into the conversation that is open. */
  async write(text: string): Promise<void> {
    const area = this.page.locator('infrasound-composer textarea').filter({ visible: true });
    await area.fill(text);
    await area.press('Enter');
  }

  /** The message with a text in the open conversation, once it is there. One that only quotes the text is not it. */
  async message(text: string | RegExp): Promise<Locator> {
    const own = this.page.locator('.body, .faint, p', { hasText: text });
    const found = this.page.locator('infrasound-history [data-id]').filter({ has: own }).last();
    await found.waitFor().catch(async () => {
      const seen = await this.page.locator('infrasound-history').innerText().catch(() => 'no conversation');
      await this.screenshot(`failed-${this.name}`);
      assert.fail(`${this.name} does not see ${String(text)}, but: ${seen}`);
    });
    return found;
  }

  /** Opens the menu of a message. */
  async menuOf(text: string): Promise<void> {
    const message = await this.message(text);
    await message.hover();
    await message.getByRole('button', { name: 'More', exact: true }).click();
  }

  async openConversation(name: string): Promise<void> {
    await this.page.locator('infrasound-list button.row').filter({ hasText: name }).first().click();
  }

  /** Begins a conversation with somebody by handle. */
  async writeTo(handle: string, text: string): Promise<void> {
    await this.press('New message');
    await this.page.getByRole('searchbox', { name: 'To' }).fill(handle);
    await this.page.locator('infrasound-new-message button.row').filter({ hasText: handle }).first().click();
    await this.write(text);
  }

  async caughtUp(): Promise<void> {
    await this.page.waitForFunction(() => {
      const { status } = document.querySelector<Messenger>('infrasound-messenger')!.app;
      return status.phase === 'ready' && status.caughtUp;
    });
  }

  /** Runs a function in the page, with the app's client. It must refer to nothing outside of itself, and its argument be JSON. */
  run<T, A>(step: (client: Client, given: A) => Promise<T>, given: A): Promise<T> {
    const client = "document.querySelector('infrasound-messenger').app.connected";
    return this.page.evaluate(`(${step.toString()})(${client}, ${JSON.stringify(given)})`) as Promise<T>;
  }

  /** Waits until nothing is being loaded any more. */
  async settled(): Promise<void> {
    await this.page.waitForFunction(() => document.querySelector<Messenger>('infrasound-messenger')!.shadowRoot!.querySelector('infrasound-sidebar') !== null);
    await this.page.locator('progress').first().waitFor({ state: 'detached' });
    // Two frames: what was set in the first is drawn by the second.
    await this.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  }

  async screenshot(name: string): Promise<void> {
    await this.page.screenshot({ path: join(environment.screens, `${name}.png`) });
  }

  /** Closes the browser; nothing may have gone wrong in it. */
  async close(): Promise<void> {
    await this.person.close();
  }
}

/** Alice has written to Bob, and he has accepted her. Both look at their conversation. */
export async function acquainted(site: Site, bobs = site): Promise<[Visitor, Visitor]> {
  const alice = await Visitor.signedIn(site, 'alice');
  const bob = await Visitor.signedIn(bobs, 'bob');
  await alice.writeTo(bob.handle, 'Hello');
  await bob.press(/^Requests/);
  await bob.openConversation(alice.name);
  await bob.press('Accept');
  await (await alice.message('Hello')).getByRole('img', { name: 'Read' }).waitFor();
  return [alice, bob];
}

/** Fails unless there is exactly one. */
export async function one(found: Locator, what: string): Promise<void> {
  await found.first().waitFor();
  assert.equal(await found.count(), 1, what);
}
