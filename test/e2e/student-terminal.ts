// A shell on a terminal of 24 rows and 80 columns, in which a test types as a student does.
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';

export interface Typed {
  readonly exitCode: number;
  /** What appeared on the terminal, without colours. */
  readonly screen: string;
}

export interface Terminal {
  /** Types a command, and waits for its end. */
  run(command: string): Promise<Typed>;
  /** Types a command that opens another shell in this terminal, and waits for the prompt of the machine. */
  open(command: string, machine: string): Promise<void>;
  /** Types a command that goes on while other terminals are used. @param running what it prints when it has begun */
  begin(command: string, running: string): Promise<{ readonly end: Promise<Typed> }>;
  close(): void;
}

/** How long a command may take. A pager that waits for a key is found in this time. */
const patienceMs = 120_000;

/** Opens a terminal on the host, in a folder. @param environment with `labs` on PATH, as where labs is installed */
export const openTerminal = (cwd: string, environment: Readonly<Record<string, string>>): Terminal => {
  const shell = execa(
    'script',
    ['--quiet', '--flush', '--command', 'stty rows 24 cols 80; exec bash --norc', '/dev/null'],
    { cwd, reject: false, stdin: 'pipe', buffer: false, env: { ...environment, TERM: 'xterm', NO_COLOR: '' } },
  );
  let screen = '';
  let look = (): void => {};
  shell.stdout?.on('data', (chunk: Buffer) => {
    screen += chunk;
    look();
  });
  const shown = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const late = () => reject(new Error(`the terminal does not show ${pattern}:\n${screen}`));
      const timer = setTimeout(late, patienceMs);
      look = () => {
        const found = pattern.exec(stripVTControlCharacters(screen));
        if (!found) return;
        clearTimeout(timer);
        look = () => {};
        resolve(found);
      };
      look();
    });
  const type = (text: string): void => {
    screen = '';
    shell.stdin?.write(`${text}\n`);
  };
  let count = 0;
  /** The terminal shows what is typed. The quotes make sure that only the shell prints the whole marker. */
  const typeMarked = (command?: string): { readonly end: () => Promise<Typed> } => {
    count += 1;
    const marker = new RegExp(`${count}:exit:(\\d+):`);
    type(`${command === undefined ? '' : `${command}\n`}echo "${count}:ex""it:$?:"`);
    return {
      end: async () => {
        const [, exitCode] = await shown(marker);
        return { exitCode: Number(exitCode), screen: stripVTControlCharacters(screen) };
      },
    };
  };
  /** `labs begin` asks, because the student has not answered the questions of earlier tasks. */
  const confirm = async (command: string): Promise<Typed> => {
    type(command);
    await shown(new RegExp(`${command}[^]*(Begin the task now\\? \\(y/N\\) ?|bash-[\\d.]+[#$] )$`));
    if (/\(y\/N\) ?$/.test(stripVTControlCharacters(screen))) {
      type('y');
      await shown(/bash-[\d.]+[#$] $/);
    }
    const before = stripVTControlCharacters(screen);
    const { exitCode } = await typeMarked().end();
    return { exitCode, screen: before };
  };
  return {
    run: (command) => (command.startsWith('labs begin ') ? confirm(command) : typeMarked(command).end()),
    async open(command, machine) {
      type(command);
      await shown(new RegExp(`@?${machine}:~# $`));
    },
    async begin(command, running) {
      const { end } = typeMarked(command);
      await shown(new RegExp(running));
      return { end: end() };
    },
    close: () => {
      shell.stdin?.end();
      shell.kill('SIGHUP');
    },
  };
};
