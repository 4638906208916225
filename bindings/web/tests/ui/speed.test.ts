import { test } from 'node:test';
import { Person } from '../support/browser.ts';
import { says, send } from '../support/messages.ts';
import { Site } from '../support/site.ts';
test('speed', async () => {
  const site = await Site.open();
  const alice = await Person.signedIn(site, 'alice');
  const bob = await Person.signedIn(site, 'bob');
  await send(alice.tab, bob.person.handle, 'Hello Bob');
  await says(bob.tab, alice.person.handle, ['Hello Bob']);
  const ms = await alice.tab.run(async (client, who) => { const t = performance.now(); const c = client.conversation((await client.conversationWith(who))!); const all = []; for (let i = 0; i < 300; i++) all.push((await c.send('m' + i)).sent); const q = performance.now() - t; await Promise.all(all); return [q, performance.now() - t]; }, bob.person.handle);
  console.log('300 sends', ms);
  await alice.person.close(); await bob.person.close(); await site.close();
});
