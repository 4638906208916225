/** The `infrasound` command, with a home of its own: what a person at a terminal has. */

import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { afterwards } from './afterwards.ts';
import { newAccount, type Account } from './account.ts';
import { environment } from './environment.ts';

export type Line = { type: string } & Record<string, unknown>;

export class Terminal {
  private constructor(
    readonly account: Account,
    readonly home: string,
  ) {}

  /** A terminal that is the first device of a new account. */
  static async signedIn(name: string): Promise<Terminal> {
    const terminal = Terminal.of(await newAccount(name));
    await terminal.run(['login', '--relay', environment.relay, '--device-name', 'terminal'], terminal.account.token);
    return terminal;
  }

  /** A terminal in which nobody has signed in. */
  static of(account: Account): Terminal {
    return new Terminal(account, mkdtempSync(join(environment.folder, 'home-')));
  }

  get handle(): string {
    return this.account.handle;
  }

  /** Runs a command to its end, and gives what it printed. */
  async run(command: string[], token?: string): Promise<Line[]> {
    const child = this.start(command, token);
    const lines: Line[] = [];
    createInterface(child.stdout).on('line', (line) => lines.push(JSON.parse(line) as Line));
    let notes = '';
    child.stderr.on('data', (data: Buffer) => (notes += data.toString()));
    child.stdin.end();
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.equal(code, 0, `infrasound ${command.join(' ')} ended with ${code}: ${notes} ${JSON.stringify(lines)}`);
    return lines;
  }

  /** Starts a command that goes on. */
  start(command: string[], token?: string): ChildProcessWithoutNullStreams {
    const child = spawn(join(environment.programs, 'infrasound'), ['--home', this.home, '--json', ...command], {
      env: token === undefined ? process.env : { ...process.env, INFRASOUND_TOKEN: token },
    });
    afterwards(async () => child.kill());
    return child;
  }
}
