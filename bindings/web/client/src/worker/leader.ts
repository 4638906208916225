/**
 * The leader: serves the calls of all tabs, one device for all of them. See `shared/wire.ts` for what holds between them.
 */

import type { Status } from '../api.js';
import { InfrasoundError, aborted, toInfrasoundError, toPlain } from '../error.js';
import type { CoreAnswer, CoreAttachment, CoreWish, NewAttachment } from '../shared/core_types.js';
import {
  channelToAll,
  channelToLeader,
  WIRE,
  channelToTab,
  otherVersion,
  type Call,
  type CallId,
  type Calls,
  type Leads,
  type Notice,
  type ToAll,
  type ToLeader,
  type ToTab,
} from '../shared/wire.js';
import { CorePanic, loadCore } from './core.js';
import { Database, deleteDatabase, storageLost } from './database.js';
import { Device, type StatusChange } from './device.js';
import { download, openKept, seal, type Course, type Sealed } from './files.js';
import { Interrupted } from './host.js';

/** A store that cannot be used is tried again so often. */
const RETRY = 3_000;
/** A browser that clears a site's data is done by then. */
const CLEARING = 200;
/** So many calls are under way at most for one leader; more are a tab gone wild. */
const MOST_CALLS = 10_000;

export class Leader {
  #status: Status = { phase: 'starting', online: true, caughtUp: false };
  #term = 0;
  /** The term that tabs have heard of. */
  #announced = 0;
  #seq = 0;
  #database: Database | undefined;
  #device: Device | undefined;
  /** Resolves when the device is open, or is known not to be. */
  #ready: Promise<void> = Promise.resolve();
  /** Why the store cannot be used just now. */
  #failure: InfrasoundError | undefined;
  /** What was let go of has come to its end. */
  #dropped: Promise<unknown> = Promise.resolve();
  /** What was stored is gone; to be told once there is a new store. */
  #loss: InfrasoundError | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #isBroken = false;
  #isReopening = false;
  readonly #downloads = new Map<string, { blob: Promise<Blob>; courses: Set<Course>; given: AbortController }>();
  readonly #calls = new Map<CallId, AbortController>();
  readonly #incoming: BroadcastChannel;
  readonly #toAll: BroadcastChannel;
  readonly #toTabs = new Map<string, BroadcastChannel>();

  constructor(
    private readonly store: string,
    private readonly wasmUrl: string | undefined,
    private readonly broken: (error: unknown) => void,
  ) {
    this.#incoming = new BroadcastChannel(channelToLeader(store));
    this.#toAll = new BroadcastChannel(channelToAll(store));
  }

  /** Takes over. */
  async lead(): Promise<void> {
    this.#ready = this.#open();
    await this.#ready;
  }

  async #open(): Promise<void> {
    clearTimeout(this.#retry);
    await this.#dropped;
    try {
      // While the core is loaded, what it is opened with is read.
      const core = loadCore(this.wasmUrl);
      core.catch(() => undefined);
      const database = await this.#openDatabase();
      this.#failure = undefined;
      this.#device ??= this.#makeDevice(database);
      // Tabs hear of this leader when it is known where the device stands: until then what the one before it said holds.
      await this.#device.open(core);
      if (this.#loss && this.#status.phase === 'signed-out') this.#change({ error: toPlain(this.#loss) });
      this.#loss = undefined;
      void this.#measureStorage();
    } catch (error) {
      this.#failed(error);
    }
  }

  async #openDatabase(): Promise<Database> {
    if (this.#database) return this.#database;
    const database = await Database.open(this.store, () => {
      // One that was let go of is missed by nobody.
      if (this.#database === database) this.#lost();
    });
    try {
      this.#term = await database.beginTerm();
    } catch (error) {
      database.close();
      throw error;
    }
    this.#database = database;
    return database;
  }

  #makeDevice(database: Database): Device {
    return new Device({
      database,
      notice: (notice) => this.#notice(notice),
      status: (change) => this.#change(change),
      broken: (error) => this.#break(error),
      failed: (error) => this.#failed(error),
    });
  }

  /** From now on tabs are served; they hear of it, and where the device stands. */
  #listen(): void {
    // A term that could not be stored is told apart from others all the same.
    this.#term ||= Date.now();
    if (this.#isBroken) return;
    this.#incoming.onmessage ??= ({ data }: MessageEvent<ToLeader>) => this.#take(data);
    if (this.#announced === this.#term) return;
    this.#announced = this.#term;
    this.#toAll.postMessage(this.#leads() satisfies ToAll);
  }

  #leads(): Leads {
    return { type: 'leads', wire: WIRE, term: this.#term, status: this.#status };
  }

  #take(message: ToLeader): void {
    switch (message.type) {
      case 'hello':
        this.#reply(message.tab, this.#leads());
        break;
      case 'call':
        if (message.wire !== WIRE) {
          const error = toPlain(otherVersion(message.wire, WIRE));
          this.#reply(message.tab, { type: 'refused', id: message.id, error });
        }
        // A tab sends its calls again when it hears of this term.
        else if (message.term !== this.#term) this.#reply(message.tab, this.#leads());
        else if (!this.#calls.has(message.id)) void this.#serve(message);
        break;
      case 'abort':
        this.#calls.get(message.id)?.abort(aborted());
        break;
      case 'have':
        this.#device?.has(message.id);
        break;
      case 'wake':
        this.#wake();
    }
  }

  async #serve({ tab, id, again, call }: Extract<ToLeader, { type: 'call' }>): Promise<void> {
    if (this.#calls.size >= MOST_CALLS) {
      const error = new InfrasoundError('refused', 'too much is under way: wait until some of it is done');
      return this.#reply(tab, { type: 'refused', id, error: toPlain(error) });
    }
    const abort = new AbortController();
    this.#calls.set(id, abort);
    const course: Course = {
      progress: (done, total) => this.#reply(tab, { type: 'progress', id, done, total }),
      signal: abort.signal,
    };
    try {
      const answer = await this.#perform(id, call, again, course);
      this.#reply(tab, { type: 'answer', id, seq: this.#seq, answer });
    } catch (error) {
      if (error instanceof CorePanic) this.#break(error);
      this.#reply(tab, { type: 'refused', id, error: toPlain(error) });
    } finally {
      this.#calls.delete(id);
    }
  }

  /** Does a call. What is interrupted, because the core is opened again, is done again. */
  async #perform(id: CallId, call: Call, again: boolean, course: Course): Promise<unknown> {
    for (;;) {
      await this.#ready;
      // The next leader does it.
      if (this.#isBroken) return new Promise(() => undefined);
      course.signal.throwIfAborted();
      if (this.#failure && !isWayOut(call)) throw this.#failure;
      try {
        if (this.#failure) await this.#startAfresh();
        return await this.#once(id, call, again, course);
      } catch (error) {
        if (!(error instanceof Interrupted)) throw error;
        again = true;
      }
    }
  }

  async #once(id: CallId, call: Call, again: boolean, course: Course): Promise<unknown> {
    const device = this.#device;
    // It was dropped, and is opened again.
    if (!device) throw new Interrupted();
    switch (call.name) {
      case 'register': {
        const { relay, signedIn, deviceName, startOver } = call.ask;
        return device.register(id, relay, signedIn, deviceName, startOver);
      }
      case 'link':
        return device.link(id, call.ask.relay, call.ask.signedIn, call.ask.deviceName);
      case 'wish': {
        const answer = await this.#wish(device, id, call.ask, again, course);
        const { wish } = call.ask;
        if (wish.wish === 'cancelLink') await device.cancelLink();
        if (wish.wish === 'discard') this.#notice({ type: 'discarded', message: wish.object });
        return answer;
      }
      case 'look':
        return device.look();
      case 'conversation':
        return device.conversation(call.ask.conversation);
      case 'outcomes':
        return device.outcomes(call.ask.objects);
      case 'conversationWith':
        return device.conversationWith(call.ask.who);
      case 'draft':
        return device.draft(call.ask.conversation);
      case 'keepDraft':
        return device.keepDraft(call.ask.conversation, call.ask.draft);
      case 'search':
        return device.search(call.ask.query);
      case 'kept':
        return openKept(call.ask.file, device.spool);
      case 'download':
        return this.#download(device, call.ask.file, call.ask.keep, course);
      case 'signOut':
        return device.signOut();
    }
  }

  /** Seals what the wish has of files, and gives it to the core. What was sealed for nothing goes at once. */
  async #wish(
    device: Device,
    id: CallId,
    { wish, files }: Calls['wish']['ask'],
    again: boolean,
    course: Course,
  ): Promise<CoreAnswer> {
    const sealed: Sealed[] = [];
    try {
      if (!(again && (await device.knows(id)))) {
        for (const file of files) sealed.push(await seal(file, device.spool, course));
      }
      course.signal.throwIfAborted();
      return await device.wish(withFiles(wish, sealed.map(({ attachment }) => attachment)), id, again);
    } catch (error) {
      if (sealed.length > 0) await device.drop(sealed.map(({ blob }) => blob)).catch(() => undefined);
      throw error;
    }
  }

  /** Fetches a file once, however many ask for it; it is given up when all of them have. */
  #download(device: Device, file: CoreAttachment, keep: boolean, course: Course): Promise<Blob> {
    const key = file.blob ?? '';
    let shared = this.#downloads.get(key);
    if (!shared) {
      const courses = new Set<Course>();
      const given = new AbortController();
      const progress = (done: number, total: number): void => courses.forEach((each) => each.progress(done, total));
      const ask = (wish: CoreWish): ReturnType<Device['ask']> => device.ask(wish);
      const whole = { progress, signal: given.signal };
      const blob = download(file, keep, device.spool, ask, (signal) => device.reached(signal), whole).finally(() =>
        this.#downloads.delete(key),
      );
      shared = { blob, courses, given };
      this.#downloads.set(key, shared);
    }
    const { blob, courses, given } = shared;
    courses.add(course);
    return new Promise((resolve, reject) => {
      blob.then(resolve, reject);
      course.signal.addEventListener('abort', () => {
        courses.delete(course);
        reject(course.signal.reason);
        if (courses.size > 0) return;
        given.abort(course.signal.reason);
        this.#downloads.delete(key);
      });
    });
  }

  /** The network may be back. An offline core would wait for its time: one that is opened again tries at once. */
  #wake(): void {
    const device = this.#device;
    if (!device || this.#isReopening) return;
    const { online, retryAt, phase } = this.#status;
    const waits = !online && phase === 'ready' && (retryAt ?? 0) > Date.now() + 1_000;
    if (!waits || device.isLinking) return device.wake();
    this.#isReopening = true;
    this.#ready = device
      .open()
      .catch((error: unknown) => this.#failed(error))
      .finally(() => (this.#isReopening = false));
  }

  /** Falls silent: the next leader does what is under way. */
  #break(error: unknown): void {
    this.#isBroken = true;
    this.#incoming.close();
    void this.#device?.end();
    this.broken(error);
  }

  /** The store can't be used, or not written: everything is opened again in a while. */
  #failed(thrown: unknown): void {
    if (thrown instanceof CorePanic) return this.#break(thrown);
    // It was ended by what comes after it.
    if (thrown instanceof Interrupted) return;
    const error = toInfrasoundError(thrown);
    this.#failure = error;
    this.#drop();
    this.#change({ phase: 'failed', error: toPlain(error) });
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => (this.#ready = this.#open()), RETRY);
  }

  /** The database was deleted while it was open. */
  #lost(): void {
    this.#loss = storageLost();
    this.#drop();
    // While the rest of it is being deleted nothing can be opened.
    this.#ready = new Promise<void>((resolve) => setTimeout(resolve, CLEARING)).then(() => this.#open());
  }

  /** Lets go of the store and of the device in it: a handle that has failed once may fail for ever. */
  #drop(): void {
    const database = this.#database;
    const ended = this.#device?.end();
    this.#device = undefined;
    this.#database = undefined;
    this.#dropped = Promise.all([this.#dropped, ended]).then(() => database?.close());
  }

  /** The way out of a store that cannot be used: another one is begun, if need be in place of the whole database. */
  async #startAfresh(): Promise<Device> {
    clearTimeout(this.#retry);
    await this.#dropped;
    const [database] = await Promise.all([
      this.#openDatabase().catch(async () => {
        await deleteDatabase(this.store);
        return this.#openDatabase();
      }),
      loadCore(this.wasmUrl),
    ]);
    this.#failure = undefined;
    this.#device ??= this.#makeDevice(database);
    this.#listen();
    return this.#device;
  }

  async #measureStorage(): Promise<void> {
    const [persisted, estimate] = await Promise.all([
      navigator.storage?.persisted?.().catch(() => false),
      navigator.storage?.estimate?.().catch(() => undefined),
    ]);
    const storage: NonNullable<Status['storage']> = { persisted: persisted ?? false };
    if (estimate?.usage !== undefined) storage.usage = estimate.usage;
    if (estimate?.quota !== undefined) storage.quota = estimate.quota;
    this.#change({ storage });
  }

  #change(change: StatusChange): void {
    const next = Object.entries({ ...this.#status, ...change }).filter(([, value]) => value !== undefined);
    this.#status = Object.fromEntries(next) as unknown as Status;
    this.#listen();
    this.#notice({ type: 'status', status: this.#status });
  }

  #notice(notice: Notice): void {
    if (this.#isBroken) return;
    this.#seq += 1;
    this.#toAll.postMessage({ type: 'notice', term: this.#term, seq: this.#seq, notice } satisfies ToAll);
  }

  #reply(tab: string, message: ToTab): void {
    if (this.#isBroken) return;
    let channel = this.#toTabs.get(tab);
    if (!channel) {
      channel = new BroadcastChannel(channelToTab(this.store, tab));
      this.#toTabs.set(tab, channel);
    }
    channel.postMessage(message);
  }
}

/** Whether a call is what somebody can do about a store that cannot be used. */
function isWayOut(call: Call): boolean {
  return call.name === 'signOut' || (call.name === 'register' && call.ask.startOver);
}

/** Puts sealed files where the wish has its attachments or its picture. */
function withFiles(wish: CoreWish, attachments: NewAttachment[]): CoreWish {
  if (attachments.length === 0) return wish;
  switch (wish.wish) {
    case 'send':
    case 'groupSend':
      return { ...wish, attachments };
    case 'groupCreate':
    case 'groupDescribe': {
      const [picture] = attachments;
      return picture ? { ...wish, picture } : wish;
    }
    default:
      return wish;
  }
}
