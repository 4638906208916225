/** A conversation of 10,000 messages is as quick as a short one. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Client, Message } from '@infrasound/client';

import { Person } from '../support/browser.ts';
import { send } from '../support/messages.ts';
import { embed, ownPage } from './embedded.ts';
import { openSite } from './visitor.ts';

const MANY = 10_000;

/** The page's client, but with a history of so many messages in every conversation. */
function disguise(client: Client, { many, sender }: { many: number; sender: string }): Client {
  const all = Array.from({ length: many }, (_, index): Message => ({
    id: `urn:uuid:00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    number: index + 1,
    sender,
    own: index % 3 === 0,
    time: 1_700_000_000_000 + index * 600_000,
    body: { kind: 'html', html: `<p>Message number ${index}. ${'The herd moves on at dusk. '.repeat(index % 9)}</p>` },
    attachments: [],
    edited: false,
    reactions: [],
    state: index % 3 === 0 ? { step: 'read' } : { step: 'received' },
  }));
  return new Proxy(client, {
    get: (inner, name) => {
      if (name === 'conversation') {
        return (id: string) => new Proxy(client.conversation(id), {
          get: (handle, name) => {
            if (name === 'messages') {
              return async ({ before = many + 1, limit = 50 } = {}) => all.slice(Math.max(0, before - 1 - limit), before - 1);
            }
            const value = Reflect.get(handle, name) as unknown;
            return typeof value === 'function' ? (value as () => void).bind(handle) : value;
          },
        });
      }
      const value = Reflect.get(inner, name) as unknown;
      return typeof value === 'function' ? (value as () => void).bind(inner) : value;
    },
  });
}

test('10,000 messages scroll from the newest to the first, with few of them on the page, and nothing jumps', async () => {
  const site = await openSite();
  const bob = await Person.signedIn(site, 'bob');
  const { person, page, account } = await ownPage(site, 'alice');
  await page.evaluate((who) => window.own.setContact(who, 'accepted'), bob.person.handle);
  await send(bob.tab, account.handle, 'Hello');
  await embed(page, disguise, { many: MANY, sender: bob.person.handle });
  await page.locator('infrasound-list button.row').first().click();
  const rows = page.locator('infrasound-history [data-id]');
  await page.getByText(`Message number ${MANY - 1}.`).waitFor();

  const walked = await page.locator('infrasound-history').evaluate(async (history) => {
    const scroller = history.shadowRoot!.querySelector('.scroller')!;
    const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
    const rows = () => [...scroller.querySelectorAll<HTMLElement>('[data-id]')];
    const frames: number[] = [];
    let most = 0;
    let jumps = 0;
    let last = await frame();
    while (frames.length < 6000) {
      // What is in the middle moves by as much as was scrolled, and by nothing else, whatever is loaded meanwhile.
      const middle = scroller.getBoundingClientRect().top + scroller.clientHeight / 2;
      const watched = rows().find((row) => row.getBoundingClientRect().bottom > middle)!;
      const from = watched.getBoundingClientRect().top;
      const step = Math.min(1500, scroller.scrollTop);
      scroller.scrollTop -= step;
      const now = await frame();
      frames.push(now - last);
      last = now;
      if (watched.isConnected && Math.abs(watched.getBoundingClientRect().top - from - step) > 2) jumps++;
      most = Math.max(most, rows().length);
      if (step === 0 && rows()[0]?.innerText.includes('Message number 0.')) break;
    }
    const at = (part: number, some: number[]) => [...some].sort((one, other) => one - other)[Math.floor(some.length * part)]!;
    const few = frames.slice(0, 100);
    const all = frames.slice(-100);
    return { most, jumps, frames: frames.length, usual: at(0.5, frames), slow: at(0.95, frames), few: at(0.5, few), all: at(0.5, all) };
  });
  console.log(`10,000 messages: ${JSON.stringify(walked)}`);
  await page.getByText('Message number 0.').waitFor();
  assert.ok(walked.most <= 120, `few are on the page at once: ${walked.most}`);
  assert.equal(walked.jumps, 0, 'nothing jumps');
  assert.ok(walked.usual < 100, `it is smooth: ${walked.usual} ms a frame`);
  assert.ok(walked.slow < 500, `nothing halts: ${walked.slow} ms for one of the slow frames`);
  assert.ok(walked.all < 3 * walked.few + 17, `with all of them loaded it is as quick as with few: ${walked.few} ms, then ${walked.all} ms`);

  await page.getByRole('button', { name: 'To the newest message' }).click();
  await page.getByText(`Message number ${MANY - 1}.`).waitFor();
  await page.locator('infrasound-composer textarea').press('ArrowUp');
  assert.equal(await page.evaluate(() => document.querySelector('infrasound-messenger')!.shadowRoot!.querySelector('infrasound-conversation')!
    .shadowRoot!.querySelector('infrasound-history')!.shadowRoot!.activeElement?.textContent?.includes('Message number 9999.')), true, 'the keyboard reaches the newest');
  assert.ok(await rows.count() <= 120);

  await person.close();
  await bob.person.close();
});
