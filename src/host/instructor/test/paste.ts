// Types the commands of one task as a student pastes them: those of its text, its hints, and after its solution the
// blocks that are marked so.
import { repeatUntil } from '../../../kit/repeat.ts';
import type { Fence, FencedCommand } from '../../lab/fences.ts';
import type { Ran, Shells } from './shells.ts';
import type { TestWords } from './words.ts';

/** A command of a text that takes longer is one that a student ends with Ctrl-C. */
export const limitMs = 60_000;
/** A student needs a moment between two commands, and so does kube-proxy after a change. */
const usualPatienceMs = 10_000;

export interface Fences {
  readonly text: readonly Fence[];
  readonly hints: readonly Fence[];
}

export interface Pasting {
  readonly fences: Fences;
  readonly shells: Pick<Shells, 'run' | 'start'>;
  /** @returns whether the task has all its points */
  readonly solve: () => Promise<boolean>;
  readonly find: (text: string) => void;
  readonly say: TestWords;
  readonly signal: AbortSignal;
  /** For how long a command that does not do what it should is typed again. */
  readonly patienceMs?: number;
}

/** @returns how many commands there are */
export const pasteCommands = async (pasting: Pasting): Promise<number> => {
  const { text, hints } = pasting.fences;
  const isEarly = ({ after }: Fence): boolean => !after;
  const late = [...text, ...hints].filter(({ after }) => after);
  const run = (command: OneCommand): Promise<Outcome> =>
    pasting.shells.run(command.place, command.text, pasting.signal);
  let pending = commandsOf(hints.filter(isEarly));
  const tryHints = async (): Promise<void> => {
    const left: OneCommand[] = [];
    for (const each of pending) if (!asMeant(each, await run(each))) left.push(each);
    pending = left;
  };
  await tryHints();
  await pasteBlocks(pasting, text.filter(isEarly), tryHints);
  // A hint is for some moment of the task. It fails only if it works at none.
  for (const each of pending) report(pasting, each, await runPatiently(pasting, each));
  // In a task that is not solved, these commands would only find the same again.
  if (await pasting.solve()) await pasteBlocks(pasting, late);
  return commandsOf([...text, ...hints]).length;
};

const pasteBlocks = async (
  pasting: Pasting,
  blocks: readonly Fence[],
  afterEach: () => Promise<void> = async () => {},
): Promise<void> => {
  const { shells, signal } = pasting;
  let running: { readonly command: OneCommand; readonly end: Promise<Outcome> } | undefined;
  for (const block of blocks) {
    const before = running;
    running = undefined;
    for (const command of commandsOf([block])) {
      if (command.meanwhile) {
        const started = await shells.start(command.place, command.text, signal);
        await started.begun;
        running = { command, end: started.end };
      } else report(pasting, command, await runPatiently(pasting, command));
    }
    if (before) report(pasting, before.command, await before.end);
    await afterEach();
  }
  if (running) report(pasting, running.command, await running.end);
};

interface OneCommand extends FencedCommand, Pick<Fence, 'place' | 'after'> {
  /** What to write behind the machine if the command is meant to fail. */
  readonly failsMark: string;
}

type Outcome = Ran | 'endless';

/** Each machine has its shell already, so nothing has to open one. */
const commandsOf = (fences: readonly Fence[]): readonly OneCommand[] =>
  fences
    .flatMap(({ place, after, commands }) =>
      commands.map((command, index) => ({ ...command, place, after, failsMark: failsMarkOf(commands, index) })),
    )
    .filter(({ place, text }) => !(place === 'host' && /^labs shell \S+$/.test(text.trim())));

/** Beside those commands of the block that are meant to fail already. */
const failsMarkOf = (commands: readonly FencedCommand[], index: number): string => {
  const numbers = commands.flatMap(({ fails }, each) => (fails || each === index ? [each + 1] : []));
  return numbers.length === 1 && numbers[0] === commands.length ? 'fails' : `fails=${numbers.join(',')}`;
};

const asMeant = ({ fails }: FencedCommand, ran: Outcome): boolean =>
  ran !== 'endless' && (ran.exitCode !== 0) === fails;

/** Types it again for a while, because a change may be on its way. @returns the first result if none is as meant */
const runPatiently = async (pasting: Pasting, command: OneCommand): Promise<Outcome> => {
  const { shells, signal, patienceMs = usualPatienceMs } = pasting;
  const look = (): Promise<Outcome> => shells.run(command.place, command.text, signal);
  const first = await look();
  if (first === 'endless' || asMeant(command, first)) return first;
  const last = await repeatUntil(look, (ran) => asMeant(command, ran), { timeoutMs: patienceMs, signal });
  return asMeant(command, last) ? last : first;
};

const report = ({ say, find }: Pasting, command: OneCommand, ran: Outcome): void => {
  if (asMeant(command, ran)) return;
  const { place, after, fails, meanwhile, failsMark } = command;
  const text = firstLine(command.text);
  if (ran === 'endless') {
    const advice = meanwhile ? say.endMeanwhile(fails) : say.markMeanwhile;
    find(`${say.commandEndless(place, text, limitMs / 1000)}. ${advice}`);
  } else if (ran.exitCode === 0) find(say.commandWorked(place, text));
  else {
    const saw = { code: ran.exitCode, output: firstLine(lastLines(ran.output)) };
    const advice = after ? say.markFails(failsMark) : say.markFailsOrAfter(failsMark);
    find(`${say.commandFailed(place, text, saw)}. ${advice}`);
  }
};

const firstLine = (text: string): string => (text.split('\n')[0] ?? '').slice(0, 200);

const lastLines = (output: string): string => output.split('\n').filter(Boolean).at(-1) ?? '';
