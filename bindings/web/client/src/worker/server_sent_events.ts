/**
 * Server-sent events, read from a byte stream: the parser of the WHATWG HTML standard, section 9.2.6, with limits.
 *
 * What is longer than a limit ends the stream: a relay's events are short.
 */

/** The longest line, in bytes. */
export const MAX_LINE = 64 * 1024;
/** The longest data of one event, in characters. */
export const MAX_EVENT = 256 * 1024;

const CR = 13;
const LF = 10;

/** One event: its data, and the last id that was seen with it or before it. */
export interface ServerSentEvent {
  data: string;
  id: string | undefined;
}

/** A line or an event is longer than the limits; the stream is of no more use. */
export class EventTooLong extends Error {}

export class Parser {
  #line = new Uint8Array(1024);
  #length = 0;
  #data: string[] = [];
  #dataLength = 0;
  #id: string | undefined;
  #afterCr = false;
  #started = false;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  /** Takes the next bytes and gives the events that they complete. */
  push(bytes: Uint8Array): ServerSentEvent[] {
    const events: ServerSentEvent[] = [];
    for (const byte of bytes) {
      // A line ends with CR, LF or CR LF.
      const isSecondHalf = byte === LF && this.#afterCr;
      this.#afterCr = byte === CR;
      if (isSecondHalf) continue;
      if (byte === CR || byte === LF) {
        const event = this.#endLine();
        if (event) events.push(event);
      } else {
        this.#add(byte);
      }
    }
    return events;
  }

  #add(byte: number): void {
    if (this.#length >= MAX_LINE) throw new EventTooLong();
    if (this.#length === this.#line.length) {
      const longer = new Uint8Array(this.#line.length * 2);
      longer.set(this.#line);
      this.#line = longer;
    }
    this.#line[this.#length++] = byte;
  }

  #endLine(): ServerSentEvent | undefined {
    let line = this.#decoder.decode(this.#line.subarray(0, this.#length));
    this.#length = 0;
    if (!this.#started) {
      this.#started = true;
      if (line.startsWith('\ufeff')) line = line.slice(1);
    }
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    this.#field(field, value);
    return undefined;
  }

  /** A comment has an empty field name, and is ignored like `retry`: when to come back is the core's decision. */
  #field(field: string, value: string): void {
    if (field === 'data') {
      this.#dataLength += value.length + 1;
      if (this.#dataLength > MAX_EVENT) throw new EventTooLong();
      this.#data.push(value);
    } else if (field === 'id' && !value.includes('\0')) {
      this.#id = value === '' ? undefined : value;
    }
  }

  #dispatch(): ServerSentEvent | undefined {
    const data = this.#data;
    this.#data = [];
    this.#dataLength = 0;
    return data.length === 0 ? undefined : { data: data.join('\n'), id: this.#id };
  }
}
