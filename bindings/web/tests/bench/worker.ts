/** In a worker, as the app has its core: joining a group of 1,000, writing into it and to one person, and reading that. */

import type { CoreWish } from '../../client/src/shared/core_types.ts';
import type { Stage } from './main.ts';
import { Watched } from './watched.ts';

const MESSAGES = 200;
const WARM_UP = 50;
/** About 100 letters, as in `bench-groups`. */
const TEXT = 'It is raining again, and the elephants are late. Shall we wait for them at the river, or go ahead? ';

type Measured = Record<string, number[]>;

self.onmessage = ({ data }: MessageEvent<Stage>) => {
  measure(data).then(
    (measured) => self.postMessage({ measured }),
    (error: unknown) => self.postMessage({ failed: error instanceof Error ? `${error.message} ${error.stack ?? ''}` : String(error) }),
  );
};

async function measure(stage: Stage): Promise<Measured> {
  const measured: Measured = {};
  await join(stage, measured);
  const creator = await Watched.open('creator', stage.relay);
  creator.host.start();
  await creator.told('it is caught up', ({ type }) => type === 'caughtUp');
  await write(creator, '2', { wish: 'send', to: stage.friend, text: TEXT }, measured);
  await write(creator, '1,000', { wish: 'groupSend', conversation: stage.conversation, text: TEXT }, measured);
  await creator.end();
  await read('friend', '2', stage, measured);
  await read(stage.joiners[0]!, '1,000', stage, measured);
  return measured;
}

/** From the first output of a client that knows of no group, until it lists one with everything that there is to read. */
async function join(stage: Stage, measured: Measured): Promise<void> {
  const took = { join: [] as number[], 'join core': [] as number[], 'join store': [] as number[] };
  for (const name of stage.joiners) {
    const joiner = await Watched.open(name, stage.relay);
    const begin = performance.now();
    joiner.host.start();
    await joiner.told('it has joined', (event) => event.type === 'conversation' && event.conversation.id === stage.conversation);
    await joiner.told('it is caught up', ({ type }) => type === 'caughtUp');
    const end = performance.now();
    took.join.push(end - begin);
    took['join core'].push(Watched.sum(joiner.calls, begin, end));
    took['join store'].push(Watched.sum(joiner.writes, begin, end));
    await joiner.end();
  }
  Object.assign(measured, took);
}

/** From the wish until the request leaves: by then the message is encrypted, sealed, and durable in IndexedDB. */
async function write(person: Watched, members: string, wish: CoreWish, measured: Measured): Promise<void> {
  const whole: number[] = [];
  const core: number[] = [];
  for (let round = 0; round < WARM_UP + MESSAGES; round++) {
    const before = person.requests.length;
    const begin = performance.now();
    const answer = await person.host.wish(wish, `${members} ${round}`);
    if (answer.answer !== 'queued') throw new Error(`a message is not ${answer.answer}`);
    await person.told('it is sent', (event) => event.type === 'messageState' && event.message === answer.message && event.state.step !== 'pending');
    const left = person.requests.slice(before).find(({ path }) => path.endsWith('/messages'));
    if (!left) throw new Error(`no message left: ${JSON.stringify(person.requests.slice(before))}`);
    if (round >= WARM_UP) {
      whole.push(left.at - begin);
      core.push(Watched.sum(person.calls, begin, left.at));
    }
    person.events.length = 0;
  }
  measured[`send ${members}`] = whole;
  measured[`send ${members} core`] = core;
}

/** All of those messages at once, as they come from the log: the core's time for a page by the messages in it. */
async function read(name: string, members: string, stage: Stage, measured: Measured): Promise<void> {
  const reader = await Watched.open(name, stage.relay);
  reader.host.start();
  const isMessage = ({ type }: { type: string }): boolean => type === 'message';
  await reader.told('all is read', () => reader.events.filter(isMessage).length >= WARM_UP + MESSAGES);
  const paths = new Map(reader.requests.map(({ id, path }) => [id, path]));
  const pages = reader.calls.filter(({ input }) => input.type === 'response' && /\/log\b/.test(paths.get(input.request) ?? ''));
  const messages = reader.events.filter(isMessage).length;
  measured[`read ${members}`] = [pages.reduce((sum, { begin, end }) => sum + end - begin, 0) / messages];
  await reader.end();
}
