/**
 * The device of this store, as the leader has it: opened from the journal, registered, linked, or none.
 *
 * A device is a host with its core. It is dropped and opened again from the journal whenever that is simpler than to go on:
 * nothing acknowledged is lost by it. **There is never more than one core on a journal**: what opens, replaces or erases it
 * is done in turns, and each turn waits for the last step of the core before it.
 */

import type { KeptDraft, LinkState, PersonHit, Status } from '../api.js';
import { InfrasoundError, toPlain } from '../error.js';
import { codeOf } from '../shared/codes.js';
import type { CoreAnswer, CoreConversation, CoreEvent, CoreLook, CoreWish } from '../shared/core_types.js';
import type { SignedIn } from '../shared/sign_in_types.js';
import type { CallId, Notice, ObjectOutcome } from '../shared/wire.js';
import { CorePanic, beginNewcomer, guarded, openCore, registerCore, type Core, type Machine } from './core.js';
import { TermOver, type Database } from './database.js';
import { Drafts } from './drafts.js';
import { Host, Interrupted } from './host.js';
import { Journal } from './journal.js';
import { search } from './search.js';
import { Spool } from './spool.js';
import { beginStore, eraseStore, loadTenant, storeTenant, type Tenant } from './tenant.js';
import { Transport } from '../shared/transport.js';
import { Vault } from './vault.js';

/** The relay confirms a registration by then, or counts as not answering. It is asked on all the same. */
const REGISTRATION = 45_000;
/** Signing out waits no longer for the relay. */
const REVOCATION = 10_000;
/** Nor does giving up a link. */
const FAREWELL = 2_000;

interface Opened {
  host: Host<Core>;
  journal: Journal;
  tenant: Tenant;
  transport: Transport;
  drafts: Drafts;
}

/** What changes of the status; `undefined` takes a part of it away. */
export type StatusChange = { [Part in keyof Status]?: Status[Part] | undefined };

export interface Surroundings {
  database: Database;
  notice: (notice: Notice) => void;
  status: (change: StatusChange) => void;
  /** The core can't be used any more, and the worker with it. */
  broken: (error: unknown) => void;
  /** The store can't be written just now. */
  failed: (error: unknown) => void;
}

export class Device {
  readonly spool: Spool;
  #opened: Opened | undefined;
  #newcomer: { host: Host<Machine>; call: CallId } | undefined;
  #ending = new AbortController();
  /** The last turn of what opens, replaces or erases the device. */
  #turn: Promise<unknown> = Promise.resolve();
  /** The last steps of the hosts that were ended. */
  #lastSteps: Promise<unknown> = Promise.resolve();
  #isOver = false;
  #isSwept = false;
  readonly #online = new EventTarget();
  /** Why the relay did not want this browser as a device. */
  #refusal: InfrasoundError | undefined;
  /** Why the relay was last not to be had. */
  #delay: string | undefined;

  constructor(private readonly around: Surroundings) {
    this.spool = new Spool(around.database);
  }

  /**
   * Opens what is stored, if there is a device; one that is open is dropped, and what was under way is interrupted.
   * It waits for the core's module, if that is being loaded still.
   */
  open(loaded?: Promise<void>): Promise<void> {
    return this.#inTurn(() => this.#open(loaded));
  }

  async #open(loaded?: Promise<void>): Promise<void> {
    await this.#end();
    const { database } = this.around;
    const [tenant, vault] = await Promise.all([loadTenant(database), Vault.open(database)]);
    const journal = vault && new Journal(database, vault);
    const [records] = await Promise.all([journal?.root(), loaded]);
    if (this.#isOver) throw new Interrupted();
    if (!tenant || !vault || !journal || !records) return this.#none();
    let core: Core;
    try {
      core = openCore(vault.storageKey, records);
    } catch (error) {
      // A registration or a link that was not finished is none.
      if (error instanceof InfrasoundError && error.code === 'not-signed-in') return this.#none();
      throw error;
    }
    this.#begin(core, journal, tenant, vault);
  }

  /** Ends it for good: whatever is asked of it from now on is interrupted. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#ending.abort();
    this.#ending = new AbortController();
    const hosts = [this.#newcomer?.host, this.#opened?.host];
    const link = this.#newcomer?.call;
    this.#newcomer = undefined;
    this.#opened = undefined;
    const steps = hosts.flatMap((host) => (host ? [host.end()] : []));
    this.#lastSteps = Promise.all([this.#lastSteps, ...steps]);
    this.#online.dispatchEvent(new Event('change'));
    if (link !== undefined) {
      this.around.notice({ type: 'link', id: link, state: { step: 'failed', message: 'the link was interrupted' } });
    }
    await this.#lastSteps;
  }

  /** Does one thing after the other. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(() => {
      if (this.#isOver) throw new Interrupted();
      return change();
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** A line of the list of conversations. */
  async conversation(id: string): Promise<CoreConversation | undefined> {
    const { host } = await this.#here();
    return guarded(() => host.machine.conversation(id));
  }

  async look(): Promise<CoreLook> {
    const { host } = await this.#here();
    return guarded(() => host.machine.look());
  }

  async conversationWith(who: string): Promise<string | undefined> {
    const { host } = await this.#here();
    return guarded(() => host.machine.conversationWith(who));
  }

  /** Gives a wish to the core, or to the link that is under way. `again`: an earlier leader may have done it. */
  async wish(wish: CoreWish, id: CallId, again: boolean): Promise<CoreAnswer> {
    await this.#turn;
    if (this.#newcomer && (wish.wish === 'confirmLink' || wish.wish === 'cancelLink')) {
      return this.#newcomer.host.wish(wish);
    }
    const { host, journal } = await this.#here();
    const outcome = again ? await journal.outcome(id) : undefined;
    if (!outcome) return host.wish(wish, id);
    if ('done' in outcome) return outcome.done;
    throw new InfrasoundError(codeOf(outcome.failed), outcome.failed.text);
  }

  /** Whether an earlier leader has done this call. */
  async knows(id: CallId): Promise<boolean> {
    const { journal } = await this.#here();
    return (await journal.outcome(id)) !== undefined;
  }

  /** How queued wishes ended, as far as it was noted. */
  async outcomes(objects: string[]): Promise<[string, ObjectOutcome][]> {
    const { journal } = await this.#here();
    const found = await Promise.all(objects.map(async (object) => [object, await journal.objectOutcome(object)] as const));
    return found.flatMap(([object, outcome]) => (outcome === undefined ? [] : [[object, outcome]]));
  }

  async draft(conversation: string): Promise<KeptDraft | undefined> {
    const { drafts } = await this.#here();
    return drafts.of(conversation);
  }

  async keepDraft(conversation: string, draft: KeptDraft | undefined): Promise<void> {
    const { drafts } = await this.#here();
    return drafts.keep(conversation, draft);
  }

  /** A wish of the host's own. */
  async ask(wish: CoreWish): Promise<CoreAnswer> {
    const { host } = await this.#here();
    return host.wish(wish);
  }

  /** Deletes sealed files, but those that the core has taken on after all. What is left then goes at the next opening. */
  async drop(blobs: string[]): Promise<void> {
    const { host } = await this.#here();
    const { spooled } = guarded(() => host.machine.standing());
    await Promise.all(blobs.filter((blob) => !spooled.includes(blob)).map((blob) => this.spool.drop(blob)));
  }

  /** People whose name or handle begins so. */
  async search(query: string): Promise<PersonHit[]> {
    const { host, transport } = await this.#here();
    return search(transport, host.token, query);
  }

  /** The tab has the answer of this call. */
  has(id: CallId): void {
    this.#opened?.journal.has(id);
  }

  wake(): void {
    this.#opened?.host.give({ type: 'wake' });
    this.#newcomer?.host.give({ type: 'wake' });
  }

  /** Waits for the relay to be reached again, for some seconds. */
  async reached(signal: AbortSignal, patience = 15_000): Promise<void> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
    await new Promise<void>((resolve) => {
      this.#online.addEventListener('change', () => resolve(), { once: true });
      limit.addEventListener('abort', () => resolve(), { once: true });
    });
    signal.throwIfAborted();
  }

  /** Makes this browser a device. Answered when the relay has confirmed it. */
  async register(
    id: CallId,
    relay: string,
    signedIn: SignedIn,
    deviceName: string,
    startOver: boolean,
  ): Promise<void> {
    await this.#inTurn(async () => {
      const tenant = this.#opened?.tenant;
      if (tenant?.call === id) return;
      if (tenant?.registered && !startOver) throw alreadyDevice();
      const vault = await Vault.make();
      const core = registerCore(vault.storageKey, signedIn, deviceName, startOver);
      await this.#take(vault, { relay, call: id, registered: false }, core);
    });
    await this.#registered();
  }

  /** Begins to link this browser. */
  link(id: CallId, relay: string, signedIn: SignedIn, deviceName: string): Promise<void> {
    return this.#inTurn(() => this.#link(id, relay, signedIn, deviceName));
  }

  async #link(id: CallId, relay: string, signedIn: SignedIn, deviceName: string): Promise<void> {
    if (this.#newcomer?.call === id) return;
    if (this.#opened?.tenant.registered) throw alreadyDevice();
    const { database, notice, status } = this.around;
    const vault = await Vault.make();
    const machine = beginNewcomer(vault.storageKey, signedIn, deviceName);
    const tenant: Tenant = { relay, call: id, registered: false };
    await this.#end();
    await beginStore(database, vault, tenant);
    if (this.#isOver) throw new Interrupted();
    const journal = new Journal(database, vault);
    const tell = (state: LinkState): void => notice({ type: 'link', id, state });
    const failed = (message: string): void => {
      this.#newcomer = undefined;
      tell({ step: 'failed', message });
      void host.end();
      // What cannot be erased just now holds no device.
      void this.#inTurn(() => this.#erase()).catch(() => undefined);
    };
    const host: Host<Machine> = new Host<Machine>({
      machine,
      journal,
      transport: new Transport(relay, this.#ending.signal),
      spool: this.spool,
      tell: (event) => {
        if (event.type === 'linkFailed') return failed(event.text);
        if (event.type === 'linkDone') {
          this.#newcomer = undefined;
          this.#lastSteps = Promise.all([this.#lastSteps, host.end()]);
          status({ phase: 'registering' });
          // What is stored is a device that is about to register.
          void this.open()
            .then(() => this.#registered())
            .then(() => tell({ step: 'done' }))
            .catch((error: unknown) => tell({ step: 'failed', message: toPlain(error).message }));
          return;
        }
        const state = linkState(event);
        if (state) tell(state);
      },
      ended: (error) => {
        if (error instanceof CorePanic) return this.around.broken(error);
        failed(toPlain(error).message);
      },
    });
    this.#newcomer = { host, call: id };
    status({ phase: 'linking', relay, error: undefined, reason: undefined });
    host.start();
  }

  /** Forgets a link that was given up. */
  async cancelLink(): Promise<void> {
    const newcomer = this.#newcomer;
    if (!newcomer) return;
    this.#newcomer = undefined;
    // The other device learns it; if that does not arrive, the link ends by itself.
    await Promise.race([newcomer.host.quiet(), new Promise((resolve) => setTimeout(resolve, FAREWELL))]);
    this.#lastSteps = Promise.all([this.#lastSteps, newcomer.host.end()]);
    await this.#inTurn(() => this.#erase());
  }

  get isLinking(): boolean {
    return this.#newcomer !== undefined;
  }

  /** Revokes this device at the relay, when that can be reached, and erases all of it here. */
  signOut(): Promise<void> {
    return this.#inTurn(() => this.#signOut());
  }

  async #signOut(): Promise<void> {
    const opened = this.#opened;
    if (opened) {
      const { device } = guarded(() => opened.host.machine.standing());
      // A relay that cannot be reached, or does not know the device any more, keeps nobody signed in here.
      const revoked = opened.host.wish({ wish: 'revokeDevice', device }).catch(() => undefined);
      await Promise.race([revoked, new Promise((resolve) => setTimeout(resolve, REVOCATION))]);
    }
    await this.#erase();
  }

  async #erase(): Promise<void> {
    await this.#end();
    await eraseStore(this.around.database);
    this.#none();
  }

  async #take(vault: Vault, tenant: Tenant, core: Core): Promise<void> {
    await this.#end();
    this.#refusal = undefined;
    try {
      await beginStore(this.around.database, vault, tenant);
    } catch (error) {
      // What was there before is there still.
      await this.#open();
      throw error;
    }
    if (this.#isOver) throw new Interrupted();
    this.#begin(core, new Journal(this.around.database, vault), tenant, vault);
  }

  #begin(core: Core, journal: Journal, tenant: Tenant, vault: Vault): void {
    const { me, device, spooled } = guarded(() => core.standing());
    if (!this.#isSwept) {
      this.#isSwept = true;
      // What is left of files that were sealed for no wish takes up room, and nothing else.
      void Promise.all([this.spool.keepOnly(spooled), journal.prune()]).catch(() => undefined);
    }
    const transport = new Transport(tenant.relay, this.#ending.signal);
    const host: Host<Core> = new Host<Core>({
      machine: core,
      journal,
      transport,
      spool: this.spool,
      tell: (event) => this.#tell(event),
      ended: (error) => this.#ended(host, error),
    });
    this.#opened = { host, journal, tenant, transport, drafts: new Drafts(this.around.database, vault) };
    this.around.status({
      phase: tenant.registered ? 'ready' : 'registering',
      me,
      device,
      relay: tenant.relay,
      online: true,
      caughtUp: false,
      retryAt: undefined,
      reason: undefined,
      error: undefined,
    });
    host.start();
  }

  #ended(host: Host<Core>, error: unknown): void {
    if (this.#opened?.host !== host) return;
    void this.#end();
    if (error instanceof CorePanic) return this.around.broken(error);
    if (error instanceof TermOver) return this.around.broken(error);
    this.around.failed(error);
  }

  #tell(event: CoreEvent): void {
    const { status, notice } = this.around;
    switch (event.type) {
      case 'registered':
        this.#confirmed();
        break;
      case 'caughtUp':
        this.#delay = undefined;
        this.#confirmed();
        status({ online: true, caughtUp: true, retryAt: undefined, reason: undefined });
        this.#online.dispatchEvent(new Event('change'));
        break;
      case 'offline':
        this.#delay = event.reason;
        status({ online: false, caughtUp: false, retryAt: event.retryAt, reason: event.reason });
        break;
      case 'registrationFailed':
        this.#refusal = new InfrasoundError(codeOf(event), event.text);
        void this.#inTurn(() => this.#erase()).then(() => status({ error: toPlain(this.#refusal) }));
        break;
      case 'signedOut':
        status({ phase: 'ended', online: false, caughtUp: false, reason: event.text, retryAt: undefined });
        this.#online.dispatchEvent(new Event('change'));
        break;
      case 'linkCompare':
      case 'linkProgress':
      case 'linkDone':
      case 'linkFailed': {
        const state = linkState(event);
        if (state) notice({ type: 'link', id: undefined, state });
        break;
      }
      default:
        notice({ type: 'event', event });
    }
  }

  /** The relay has this device. */
  #confirmed(): void {
    const opened = this.#opened;
    if (!opened || opened.tenant.registered) return;
    opened.tenant.registered = true;
    this.around.status({ phase: 'ready' });
    this.#online.dispatchEvent(new Event('change'));
    // If this is not written, the next opening finds it out again.
    void storeTenant(this.around.database, opened.tenant).catch(() => undefined);
  }

  /** With the relay's reason, if it has given one: that there were too many from one address, say. */
  #notConfirmed(): string {
    return `the relay has not confirmed this device yet${this.#delay === undefined ? '' : ` (${this.#delay})`}: try later`;
  }

  async #registered(): Promise<void> {
    const until = Date.now() + REGISTRATION;
    const { signal } = this.#ending;
    while (!this.#opened?.tenant.registered) {
      if (!this.#opened) throw this.#refusal ?? new Interrupted();
      const left = until - Date.now();
      if (left <= 0) throw new InfrasoundError('unreachable', this.#notConfirmed());
      await this.reached(signal, left).catch(() => undefined);
    }
  }

  #none(): void {
    this.around.status({
      phase: 'signed-out',
      me: undefined,
      device: undefined,
      relay: undefined,
      online: true,
      caughtUp: false,
      retryAt: undefined,
      reason: undefined,
      error: undefined,
    });
  }

  /** What is open, once no turn is under way. */
  async #here(): Promise<Opened> {
    await this.#turn;
    if (this.#isOver) throw new Interrupted();
    if (!this.#opened) throw new InfrasoundError('not-signed-in', 'there is no device here yet: sign in first');
    return this.#opened;
  }
}

function linkState(event: CoreEvent): LinkState | undefined {
  switch (event.type) {
    case 'linkOpened':
      return { step: 'opened', code: event.code, uri: event.uri };
    case 'linkCompare': {
      const { number, mode, device } = event;
      return device === undefined ? { step: 'compare', number, mode } : { step: 'compare', number, mode, device };
    }
    case 'linkProgress':
      return { step: 'transferring', records: event.records };
    case 'linkDone':
      return { step: 'done' };
    case 'linkFailed':
      return { step: 'failed', message: event.text };
    default:
      return undefined;
  }
}

function alreadyDevice(): InfrasoundError {
  return new InfrasoundError('refused', 'this browser already is a device: sign out first');
}
