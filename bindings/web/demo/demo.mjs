/**
 * Two people in two browser windows: the part of `cargo xtask demo` that is seen.
 *
 * Each line of its output is a JSON object with one of: `chapter`, `say`, `holds` (something that was seen to be so),
 * `wrote` (a text that only the two may know), `picture` (its path), `played` (all is over, in windows or without any). If it
 * is told to stay it leaves the windows open after that, until its input ends or they are closed.
 */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { findChromium } from './chromium.mjs';
import { Person } from './person.mjs';

const GREETING = 'Hello Bob! Shall we meet at the waterhole?';
const ANSWER = 'With pleasure. The herd need not know.';
const REPLY = 'At dusk, then.';
const POST = 'A fine day for everybody to read about.';
const SIZE = { width: 960, height: 800 };

const { values: options } = parseArgs({
  options: {
    app: { type: 'string' },
    headless: { type: 'boolean', default: false },
    instance: { type: 'string' },
    screens: { type: 'string' },
    stay: { type: 'boolean', default: false },
  },
});

function tell(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Whether there is a display on which windows can be shown. */
function hasDisplay() {
  const { DISPLAY, WAYLAND_DISPLAY } = process.env;
  return process.platform === 'darwin' || process.platform === 'win32' || Boolean(DISPLAY || WAYLAND_DISPLAY);
}

async function play(alice, bob, picture) {
  const host = new URL(options.instance).host;
  tell({ chapter: 'Alice and Bob sign in with their accounts on the demo instance, each in a browser of their own' });
  for (const person of [alice, bob]) {
    await person.signIn();
    tell({ holds: `${person.name === 'alice' ? 'Alice' : 'Bob'} has signed in` });
  }

  tell({ chapter: 'Alice writes to Bob, who does not know her yet: he gets a request' });
  await alice.writeTo(`@bob@${host}`, GREETING);
  tell({ wrote: GREETING });
  await bob.openRequest('alice');
  await bob.reads(GREETING);
  tell({ holds: 'Bob reads what Alice wrote' });
  await picture(bob.page, 'request');
  await bob.accept();

  tell({ chapter: 'Bob answers, and Alice reacts' });
  await bob.write(ANSWER);
  tell({ wrote: ANSWER });
  await alice.reads(ANSWER);
  tell({ holds: 'Alice reads what Bob wrote' });
  await alice.react(ANSWER, '🐘');
  await bob.seesReaction(ANSWER, '🐘');
  tell({ holds: 'Bob sees the reaction to his answer' });
  await alice.write(REPLY);
  tell({ wrote: REPLY });
  await bob.reads(REPLY);
  await picture(alice.page, 'alice');
  await picture(bob.page, 'bob');

  tell({ chapter: "Beside it, the instance's public posts" });
  const timeline = await alice.post(options.instance, POST);
  tell({ holds: 'Alice posts on the demo instance, for everybody to read' });
  await picture(timeline, 'timeline');
  await alice.page.bringToFront();
}

async function main() {
  const executablePath = findChromium();
  if (!executablePath) throw new Error('there is no Chromium: see ready.mjs');
  const headless = options.headless || !hasDisplay();
  const app = options.app ?? `${options.instance}/`;
  const profiles = mkdtempSync(join(tmpdir(), 'infrasound-demo-'));
  const people = [];
  const end = async () => {
    await Promise.all(people.map(({ context }) => context.close().catch(() => undefined)));
    rmSync(profiles, { recursive: true, force: true, maxRetries: 5 });
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void end().then(() => process.exit(130)));
  const picture = async (page, name) => {
    if (!options.screens) return;
    mkdirSync(options.screens, { recursive: true });
    const path = join(options.screens, `demo-${name}.png`);
    await page.screenshot({ path });
    tell({ picture: path });
  };
  try {
    for (const [index, name] of ['alice', 'bob'].entries()) {
      const where = { profile: join(profiles, name), left: index * SIZE.width, size: SIZE };
      people.push(await Person.open(name, { executablePath, headless, app, ...where }));
    }
    await play(...people, picture);
    tell({ played: headless ? 'unseen' : 'in windows' });
    if (options.stay && !headless) {
      const closed = people.map(({ context }) => new Promise((resolve) => context.on('close', resolve)));
      const told = new Promise((resolve) => process.stdin.on('end', resolve).resume());
      await Promise.race([told, Promise.all(closed)]);
    }
    return 0;
  } finally {
    await end();
  }
}

process.exitCode = await main();
process.stdin.destroy();
