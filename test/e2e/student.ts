// A student who types the commands of a text into the terminals of a running lab, one terminal for each machine.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect } from 'vitest';
import { done, eventually, notYet } from '../../src/kit/eventually.ts';
import { root } from './cli-support.ts';
import type { Block } from './printed-commands.ts';
import { openTerminal, type Terminal, type Typed } from './student-terminal.ts';

export interface Failure {
  /** The task or the text in which the command stands. */
  readonly in: string;
  /** A part of the command. */
  readonly command: string;
  readonly exitCode: number;
  /** Only this occurrence of the command in the text, from 1. Default: all. */
  readonly occurrence?: number;
  readonly because: string;
}

/** A command that goes on while the next block runs, and what it prints when it has begun. */
const meanwhile = { command: 'tcpdump', running: 'listening on eth0' };

/** A command that may be typed again: the cluster needs a moment for a change, and students read meanwhile. */
export type Patience = Pick<Failure, 'in' | 'command' | 'because'>;

export class Student {
  readonly #terminals = new Map<string, Terminal>();
  readonly #environment: Readonly<Record<string, string>>;
  readonly #folder: string;
  readonly #failures: readonly Failure[];
  readonly #patience: readonly Patience[];
  readonly #met = new Set<Failure | Patience>();

  /**
   * @param folder gets a program `labs`
   * @param failures commands that end with another code than 0
   * @param patience commands that may be typed again for up to 20 seconds
   */
  constructor(name: string, folder: string, failures: readonly Failure[], patience: readonly Patience[]) {
    const bin = join(folder, 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'labs'), `#!/bin/sh\nexec '${process.execPath}' '${root}bin/labs.js' "$@"\n`);
    chmodSync(join(bin, 'labs'), 0o755);
    this.#folder = folder;
    this.#failures = failures;
    this.#patience = patience;
    this.#environment = {
      LABS_NAME: name,
      LABS_LANG: 'en',
      // A pager would wait for a key.
      PAGER: 'cat',
      npm_command: '',
      PATH: [bin, process.env.PATH].join(delimiter),
    };
  }

  close(): void {
    for (const terminal of this.#terminals.values()) terminal.close();
  }

  /** Types the commands in order. Each must end with 0, or with the code of its failure. */
  async type(text: string, blocks: readonly Block[]): Promise<void> {
    const expected = this.#expectation(text);
    let running: { readonly command: string; readonly end: Promise<Typed> } | undefined;
    for (const { place, commands } of blocks) {
      const before = running;
      running = undefined;
      for (const command of commands) {
        const [, machine] = place === 'host' ? (/^labs shell (\S+)$/.exec(command) ?? []) : [];
        if (machine !== undefined) await this.#openShell(command, machine);
        else if (command.includes(meanwhile.command)) running = { command, ...(await this.#begin(place, command)) };
        else await this.run(place, command, expected(command), this.#mayRepeat(text, command));
      }
      if (before) expect(await before.end, before.command).toMatchObject({ exitCode: 0 });
    }
  }

  /** Types one command. It must end with the code. @returns what the terminal showed */
  async run(place: string, command: string, exitCode: number, mayRepeat = false): Promise<string> {
    const terminal = await this.#terminalOf(place);
    let typed = await terminal.run(command);
    let times = 1;
    const again = async () => {
      typed = await terminal.run(command);
      times += 1;
      return typed.exitCode === exitCode ? done(typed) : notYet(typed.screen);
    };
    if (typed.exitCode !== exitCode && mayRepeat)
      await eventually(`${command} ends with ${exitCode}`, again, { timeoutMs: 20_000 }).catch(() => {});
    if (times > 1) process.stderr.write(`${place}: needed a moment, typed ${times} times: ${command}\n`);
    expect(typed, `${place}: ${command}\n${typed.screen}`).toMatchObject({ exitCode });
    return typed.screen;
  }

  /** Failures and patience for commands that no text has. */
  get unmet(): readonly Patience[] {
    return [...this.#failures, ...this.#patience].filter((each) => !this.#met.has(each));
  }

  #mayRepeat(text: string, command: string): boolean {
    const found = this.#patience.find((each) => each.in === text && command.includes(each.command));
    if (found) this.#met.add(found);
    return found !== undefined;
  }

  /** @returns the exit code that a command of this text must have. Call it once for each command, in order. */
  #expectation(text: string): (command: string) => number {
    const seen = new Map<Failure, number>();
    return (command) => {
      const failure = this.#failures.find((each) => each.in === text && command.includes(each.command));
      if (!failure) return 0;
      this.#met.add(failure);
      const occurrence = (seen.get(failure) ?? 0) + 1;
      seen.set(failure, occurrence);
      return (failure.occurrence ?? occurrence) === occurrence ? failure.exitCode : 0;
    };
  }

  async #begin(place: string, command: string): Promise<{ readonly end: Promise<Typed> }> {
    return (await this.#terminalOf(place)).begin(command, meanwhile.running);
  }

  async #terminalOf(place: string): Promise<Terminal> {
    const open = this.#terminals.get(place);
    if (open) return open;
    const terminal = openTerminal(this.#folder, this.#environment);
    this.#terminals.set(place, terminal);
    if (place !== 'host') await terminal.open(`labs shell ${place}`, place);
    return terminal;
  }

  /** `labs shell node01` turns a new terminal of the host into one of node01. */
  async #openShell(command: string, machine: string): Promise<void> {
    this.#terminals.get(machine)?.close();
    const terminal = openTerminal(this.#folder, this.#environment);
    this.#terminals.set(machine, terminal);
    await terminal.open(command, machine);
  }
}
