// A shell that stays in a network namespace and runs one command after the other, for world.ts.
//
// A test process is large, and a large process forks slowly. `ip netns exec` also mounts /sys each time. So the tests
// of kube-proxy start this small shell once, and let it start their programs.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A command that takes longer hangs. */
const timeoutMs = 600_000;

const files = (folder: string) => ({
  commands: join(folder, 'shell-commands'),
  codes: join(folder, 'shell-codes'),
  output: join(folder, 'shell-output'),
  errors: join(folder, 'shell-errors'),
});

/** Reads one command a line. Forgets where programs were found, because tests put others in front of them. */
const script = (path: ReturnType<typeof files>): string => `nl='
'
while IFS= read -r command; do
  hash -r
  eval "$command" </dev/null >${path.output} 2>${path.errors} 3>&-
  echo $? >&3
done <${path.commands} 3<>${path.codes}`;

/** An argument as one word of a line that the shell reads. */
const quoted = (argument: string): string => `'${argument.replaceAll("'", `'\\''`).replaceAll('\n', `'"$nl"'`)}'`;

/** The program's exit code, and its standard error in the message. */
export class CommandError extends Error {
  readonly code: number;

  constructor(code: number, argv: readonly string[], errors: string) {
    super(`Command failed with ${code}: ${argv.join(' ')}\n${errors}`);
    this.code = code;
  }
}

export class NamespaceShell {
  readonly #path: ReturnType<typeof files>;
  readonly #shell: ChildProcess;
  readonly #commands: number;
  readonly #codes: number;

  /** @param folder for the shell's pipes and the programs' output */
  constructor(namespace: string, folder: string, env: NodeJS.ProcessEnv) {
    this.#path = files(folder);
    execFileSync('mkfifo', [this.#path.commands, this.#path.codes]);
    // Opened for reading and writing, a pipe needs no other end.
    this.#commands = openSync(this.#path.commands, constants.O_RDWR);
    this.#codes = openSync(this.#path.codes, constants.O_RDWR | constants.O_NONBLOCK);
    this.#shell = spawn('ip', ['netns', 'exec', namespace, 'sh', '-c', script(this.#path)], { env, stdio: 'ignore' });
  }

  /** @returns standard output @throws CommandError when the program fails */
  run(argv: readonly string[]): string {
    writeSync(this.#commands, `${argv.map(quoted).join(' ')}\n`);
    const code = this.#nextCode(argv);
    if (code === 0) return readFileSync(this.#path.output, 'utf8');
    throw new CommandError(code, argv, readFileSync(this.#path.errors, 'utf8'));
  }

  /** Waits without giving control away, so that nothing else happens in a test between a command and its result. */
  #nextCode(argv: readonly string[]): number {
    const buffer = Buffer.alloc(16);
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    // Each look costs processor time, so the looks at a command that takes long are rarer.
    const began = Date.now();
    const pauseMs = (): number => Math.min(20, 1 + (Date.now() - began) / 10);
    while (Date.now() < began + timeoutMs) {
      try {
        return Number(buffer.toString('utf8', 0, readSync(this.#codes, buffer)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      }
      Atomics.wait(sleeper, 0, 0, pauseMs());
    }
    throw new Error(`no end after ${timeoutMs} ms: ${argv.join(' ')}`);
  }

  /** Ends the shell. A program that a command left in the background goes on. */
  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#shell.once('exit', resolve));
    if (this.#shell.exitCode === null && this.#shell.signalCode === null) {
      this.#shell.kill('SIGKILL');
      await ended;
    }
    for (const descriptor of [this.#commands, this.#codes]) closeSync(descriptor);
    for (const path of Object.values(this.#path)) rmSync(path, { force: true });
  }
}
