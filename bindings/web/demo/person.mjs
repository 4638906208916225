/** Somebody in front of the web app: does with mouse and keyboard what a person would. */

import { setTimeout as sleep } from 'node:timers/promises';

import { chromium } from 'playwright-core';

import { QUIET } from './chromium.mjs';

/** How fast a person types, in milliseconds a key; without anybody who looks, as fast as it goes. */
const TYPING = 35;

export class Person {
  /** Opens a browser window with a profile of its own. */
  static async open(name, { executablePath, profile, headless, left, app, size }) {
    const { width, height } = size;
    const context = await chromium.launchPersistentContext(profile, {
      executablePath,
      headless,
      viewport: headless ? size : null,
      locale: 'en-GB',
      args: [...QUIET, `--window-position=${left},0`, `--window-size=${width},${height}`],
      ignoreDefaultArgs: ['--enable-automation'],
    });
    const page = context.pages()[0] ?? (await context.newPage());
    await page.goto(app);
    return new Person(name, context, page, headless);
  }

  constructor(name, context, page, headless) {
    this.name = name;
    this.context = context;
    this.page = page;
    this.headless = headless;
  }

  button(name) {
    return this.page.getByRole('button', { name, exact: typeof name === 'string' }).filter({ visible: true }).first();
  }

  /** Signs in on the instance's own page, and makes the browser a device. */
  async signIn() {
    const opened = this.context.waitForEvent('page');
    await this.button('Sign in with your account').click();
    const instance = await opened;
    await this.#type(instance.getByLabel('Name', { exact: true }), this.name);
    await this.#type(instance.getByLabel('Password', { exact: true }), 'demo');
    await instance.getByRole('button', { name: 'Sign in and allow' }).click();
    const code = instance.locator('.code');
    const setUp = this.button('Set up this device');
    // The page hands its code over where it can; else a person types it.
    await Promise.race([setUp.waitFor(), code.waitFor()]);
    if (!(await appears(setUp))) {
      await this.#type(this.page.getByLabel('Code'), (await code.textContent()).trim());
      await this.button('Continue').click();
    }
    await instance.close().catch(() => undefined);
    await setUp.click();
    await this.button('New message').waitFor();
  }

  async writeTo(handle, text) {
    await this.button('New message').click();
    await this.#type(this.page.getByRole('searchbox', { name: 'To' }), handle);
    await this.page.locator('infrasound-new-message button.row').filter({ hasText: handle }).first().click();
    await this.write(text);
  }

  async write(text) {
    const area = this.page.locator('infrasound-composer textarea').filter({ visible: true });
    await this.#type(area, text);
    await area.press('Enter');
  }

  async openRequest(name) {
    await this.button(/^Requests/).click();
    await this.page.locator('infrasound-list button.row').filter({ hasText: name }).first().click();
  }

  async accept() {
    await this.button('Accept').click();
  }

  /** The message with a text, once it is there. */
  async reads(text) {
    const message = this.page.locator('infrasound-history [data-id]').filter({ hasText: text }).last();
    await message.waitFor();
    return message;
  }

  async react(text, emoji) {
    const message = await this.reads(text);
    await message.hover();
    await message.getByRole('button', { name: 'React', exact: true }).click();
    await this.page.getByRole('dialog', { name: 'Emoji' }).filter({ visible: true }).getByRole('button', { name: emoji }).first().click();
  }

  async seesReaction(text, emoji) {
    await (await this.reads(text)).getByRole('button', { name: new RegExp(emoji) }).waitFor();
  }

  /** Opens another page beside the app. */
  async visit(address) {
    const page = await this.context.newPage();
    await page.goto(address);
    return page;
  }

  /** Writes a post on the instance's page, for everybody to read. */
  async post(instance, text) {
    const page = await this.visit(`${instance}/demo/timeline`);
    const area = page.getByLabel(/^Post as/);
    if (!(await area.isVisible())) {
      await this.#type(page.getByLabel('Name', { exact: true }), this.name);
      await this.#type(page.getByLabel('Password', { exact: true }), 'demo');
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    }
    await this.#type(area, text);
    await page.getByRole('button', { name: 'Post', exact: true }).click();
    await page.getByText(text).first().waitFor();
    return page;
  }

  async #type(field, text) {
    await field.click();
    if (this.headless) return field.fill(text);
    await field.pressSequentially(text, { delay: TYPING });
    await sleep(300);
  }
}

async function appears(locator) {
  return locator.waitFor({ timeout: 1_500 }).then(
    () => true,
    () => false,
  );
}
