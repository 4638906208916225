/** Whatever comes in is shown for what it is, and does nothing. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import type { Attachment, Client, ClientEvent, Message } from '@infrasound/client';

import { environment } from '../support/environment.ts';
import { Person } from '../support/browser.ts';
import { send } from '../support/messages.ts';
import { assertAccessible } from './axe.ts';
import { embed, ownPage } from './embedded.ts';
import { openSite } from './visitor.ts';

/** What a sender with another program than ours could have sent in place of each message. */
const SENT: { id?: string; sender?: string; body?: Message['body']; attachments?: Attachment[]; reactions?: Message['reactions'] }[] = [
  { body: { kind: 'html', html: '<p>Plain</p>' } },
  { body: { kind: 'html', html: '<script>window.hacked = 1</script><p>script</p>' } },
  { body: { kind: 'html', html: '<img src="https://outside.example/a.png" onerror="window.hacked = 2"><p onclick="window.hacked = 3">picture</p>' } },
  { body: { kind: 'html', html: '<svg onload="window.hacked = 4"><style>@import "https://outside.example/a.css"</style></svg><p>svg</p>' } },
  { body: { kind: 'html', html: '<iframe src="https://outside.example"></iframe><form action="https://outside.example"><input name="a"><button>frame</button></form>' } },
  { body: { kind: 'html', html: '<a href="javascript:window.hacked = 5">script link</a> <a href="data:text/html,x">data link</a>' } },
  { body: { kind: 'html', html: '<a href="https://outside.example/steal" style="position:fixed;inset:0" target="_top">https://bank.example</a>' } },
  { body: { kind: 'html', html: '<p>See https://example.org/a_(b)?c=d&amp;e=f. And http://example.org/x, too</p>' } },
  { body: { kind: 'html', html: `${'<b>'.repeat(3000)}deep` } },
  { body: { kind: 'html', html: '<p>مرحبا بالعالم</p>' } },
  { body: { kind: 'html', html: '<p>\u202Egnp.exe\u202C turned</p>' } },
  { body: { kind: 'html', html: `<p>${'long'.repeat(800)}</p>` } },
  { body: { kind: 'html', html: '<p id="app" class="bubble own" data-id="x" name="body">clobber</p><h1>heading</h1><table><tr><td>table</td></tr></table>' } },
  { body: { kind: 'deleted' } },
  { body: { kind: 'unsupported', type: '<b>Question</b>' } },
  { body: { kind: 'unreadable', reason: '<img src=x onerror="window.hacked=6">' } },
  { body: { kind: 'html', html: '' }, attachments: [{ name: '<b>\u202Egnp.exe', mediaType: 'text/html' }] },
  { body: { kind: 'html', html: '<p>reactions</p>' }, reactions: [{ sender: '@a@b.example', emoji: '<img src=x onerror="window.hacked=7">' }, { sender: '@c@b.example' }] },
  { body: { kind: 'html', html: '<a href="https://bank.co/x">https://bank.com/login</a>' } },
  { body: { kind: 'html', html: '<a href="https://bank.example@outside.example/">https://bank.example@outside.example/</a>' } },
  { body: { kind: 'html', html: '<a href="https://bank.example/login">bank.example</a>' } },
  { id: 'urn:uuid:6f0cbd4e-0f3f-4c43-bd0e-5d1f8a4e0c11', body: { kind: 'html', html: '<p>Bob has this id</p>' } },
  { id: 'urn:uuid:6f0cbd4e-0f3f-4c43-bd0e-5d1f8a4e0c11', sender: '@mallory@b.example', body: { kind: 'html', html: '<p>Mallory took it</p>' } },
  { body: { kind: 'html', html: '' }, attachments: [{ name: 'photo\u202Egnp.exe', mediaType: 'text/html', size: 10, blob: 'none', reference: {} }] },
  { body: { kind: 'html', html: '' }, attachments: [
    pictured(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>window.hacked = 8</script></svg>')),
    // A WebP without loss of 16,384 pixels on a side, in 31 bytes.
    pictured(Buffer.from('524946461f0000005745425056503' + '84c120000002fffffff0f0f30fff33fff3c1ffe00' + '0000', 'hex')),
    pictured(Buffer.from('https://outside.example/pixel.png')),
  ] },
];

/** A picture that is too large to be fetched by itself. */
function pictured(thumbnail: Buffer): Message['attachments'][number] {
  return { name: 'p.png', mediaType: 'image/png', size: 5_000_000, blob: thumbnail.toString('hex'), reference: {}, thumbnail: thumbnail.toString('base64url') };
}

/** The page's client, but for what it says of the messages that are called `content N`. */
function disguise(client: Client, sent: typeof SENT): Client {
  const rewrite = (message: Message): Message => {
    const number = message.body.kind === 'html' ? /content (\d+)/.exec(message.body.html)?.[1] : undefined;
    return number === undefined ? message : { ...message, ...sent[Number(number)] };
  };
  const over = <T extends object>(target: T, own: Partial<T>): T =>
    new Proxy(target, {
      get: (inner, name) => {
        const value = Reflect.get(name in own ? own : inner, name) as unknown;
        return typeof value === 'function' && !(name in own) ? (value as () => void).bind(inner) : value;
      },
    });
  return over(client, {
    conversation: (id) => {
      const handle = client.conversation(id);
      return over(handle, { messages: async (options) => (await handle.messages(options)).map(rewrite) });
    },
    events: async function* (options): AsyncGenerator<ClientEvent> {
      for await (const event of client.events(options)) {
        yield event.type === 'message' ? { ...event, message: rewrite(event.message) } : event;
      }
    },
  });
}

test('hostile and strange content is shown for what it is, and does nothing', async () => {
  const site = await openSite();
  const bob = await Person.signedIn(site, 'bob');
  const { person, page, account } = await ownPage(site, 'alice');
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));

  await page.evaluate((who) => window.own.setContact(who, 'accepted'), bob.person.handle);
  for (const number of SENT.keys()) await send(bob.tab, account.handle, `content ${number}`);
  // Playwright's waitForFunction takes a promise for an answer.
  await page.evaluate(async ({ who, count }) => {
    const all = async () => {
      const id = await window.own.conversationWith(who);
      return id === undefined ? [] : window.own.conversation(id).messages({ limit: 100 });
    };
    while ((await all()).length < count) await new Promise((resolve) => setTimeout(resolve, 50));
  }, { who: bob.person.handle, count: SENT.length });
  await embed(page, disguise, SENT);
  await page.locator('infrasound-list button.row').filter({ hasText: bob.person.account.name }).click();
  const rows = page.locator('infrasound-history [data-id]');
  await rows.nth(SENT.length - 1).waitFor();
  const texts = (await rows.allInnerTexts()).map((text) => text.replace(/\s+/g, ' '));

  assert.equal(await page.evaluate(() => (window as { hacked?: number }).hacked), undefined, 'nothing ran');
  const outside = asked.filter((url) => !url.startsWith(site.base) && !url.startsWith('blob:'));
  assert.deepEqual(outside, [], 'nothing was asked of others');
  assert.equal(await page.locator('.body :is(script, style, img, svg, iframe, form, input, button, h1, table)').count(), 0);
  assert.equal(await page.locator('.body :is([style], [class], [id], [onclick], [onerror], [name], [data-id])').count(), 0);

  const shows = (number: number, text: string | RegExp) => assert.match(texts[number] ?? '', new RegExp(text), `content ${number}`);
  shows(0, 'Plain');
  shows(1, '^script');
  shows(5, 'script link data link');
  shows(6, /https:\/\/bank\.example \(outside\.example\)/);
  shows(8, /<b><b><b>/);
  shows(12, 'clobber');
  shows(13, 'This message was deleted');
  shows(14, '<b>Question</b>');
  shows(15, '<img src=x');
  shows(16, 'cannot fetch');
  shows(18, /https:\/\/bank\.com\/login \(bank\.co\)/);
  shows(19, /\(outside\.example\)/);
  shows(20, /^bank\.example \d/);
  shows(21, 'Bob has this id');
  shows(22, 'Mallory took it');
  shows(23, /photognp\.exe/);
  shows(24, /^5 MB 5 MB 5 MB/);
  assert.equal(await rows.nth(24).locator('img').count(), 0, 'no browser decodes these');
  const links = await rows.nth(7).locator('a').evaluateAll((all) => all.map((link) => [(link as HTMLAnchorElement).href, (link as HTMLAnchorElement).rel]));
  assert.deepEqual(links, [
    ['https://example.org/a_(b)?c=d&e=f', 'noopener noreferrer nofollow'],
    ['http://example.org/x', 'noopener noreferrer nofollow'],
  ]);
  assert.equal(await rows.nth(5).locator('a').count(), 0, 'no link runs a script');
  assert.ok(await page.locator('infrasound-history .scroller').evaluate((box) => box.scrollWidth <= box.clientWidth), 'nothing is wider than its place');
  assert.equal(await rows.nth(9).locator('.body p').evaluate((text) => getComputedStyle(text).direction), 'rtl');
  await assertAccessible(page, 'strange content');
  await page.screenshot({ path: join(environment.screens, 'embedded-content.png') });

  // Where HTML is parsed to be sanitised, the policy already says what it would not let run: a second wall behind the first.
  await person.close(/Content Security Policy directive '(script|style)-src/);
  await bob.person.close();
});
