// Shows steps while they run. On a terminal: rows with a spinner. Elsewhere: one line for each step that ended.
import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import type { StepEvent } from '../cluster/steps.ts';
import type { Context } from './context.ts';
import type { Output } from './output.ts';
import { cutTo, padEnd, secondsOf } from './text.ts';

export interface Progress extends Disposable {
  readonly onEvent: (event: StepEvent) => void;
  /** Takes the newest output line of a long step. A terminal shows it below the steps. */
  readonly onProgress: (line: string) => void;
}

type Shown = Exclude<StepEvent, { state: 'refused' }>;

/** How steps are drawn. */
interface Drawing extends Disposable {
  readonly onEvent: (event: Shown) => void;
  readonly onProgress: (line: string) => void;
  /** Takes all rows from the screen. */
  readonly clear: () => void;
}

interface Row {
  readonly event: Shown;
  readonly startedAt: number;
}

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/**
 * Shows steps until the result is disposed of. The last state of the rows then stays on the screen. Of a refusal no row
 * stays: the error says all.
 */
export const showProgress = ({ output, say }: Pick<Context, 'output' | 'say'>): Progress => {
  const progress = output.terminal ? liveProgress(output) : plainProgress(output);
  let refused = false;
  return {
    ...progress,
    onEvent(event) {
      if (event.state === 'refused') {
        refused = true;
        progress.clear();
      } else if (!refused) progress.onEvent(inWords(event, say));
    },
    onProgress: (line) => progress.onProgress(say.fromEnglish(line)),
  };
};

const inWords = (event: Shown, say: Context['say']): Shown => {
  const titled = { ...event, title: say.steps[event.step] ?? event.title };
  return titled.state === 'done' && titled.detail ? { ...titled, detail: say.fromEnglish(titled.detail) } : titled;
};

const plainProgress = (output: Output): Drawing => ({
  onEvent(event) {
    if (event.state !== 'started') output.note(rowText({ event, startedAt: 0 }, output, ''));
  },
  onProgress() {},
  clear() {},
  [Symbol.dispose]() {},
});

const liveProgress = (output: Output): Drawing => {
  const rows = new Map<string, Row>();
  let frame = 0;
  let doing = '';
  const draw = (): void => {
    const mark = output.paint('cyan', spinner[frame % spinner.length] ?? '');
    // Rows that scrolled off the screen cannot be drawn again, so only the newest rows are drawn.
    const lines = [...rows.values()].slice(-maxRows()).map((row) => rowText(row, output, mark));
    output.live(doing === '' ? lines : [...lines, output.paint('dim', `   ${cutTo(doing, output.width - 4)}`)]);
  };
  const timer = setInterval(() => {
    frame += 1;
    draw();
  }, 100);
  return {
    onEvent(event) {
      rows.set(event.step, { event, startedAt: rows.get(event.step)?.startedAt ?? performance.now() });
      if (event.state !== 'started') doing = '';
      draw();
    },
    onProgress(line) {
      doing = stripVTControlCharacters(line).trim();
    },
    clear() {
      rows.clear();
      output.live([]);
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      output.live([]);
      for (const row of rows.values()) output.line(rowText(row, output, output.paint('dim', '–')));
    },
  };
};

const maxRows = (): number => Math.max(3, (process.stdout.rows ?? 24) - 3);

const rowText = ({ event, startedAt }: Row, { paint, width }: Output, spinning: string): string => {
  const milliseconds = event.state === 'started' ? performance.now() - startedAt : event.milliseconds;
  const mark = {
    started: spinning,
    done: paint('green', '✔'),
    failed: paint('red', '✘'),
    cancelled: paint('dim', '–'),
  }[event.state];
  const time = `${secondsOf(milliseconds).padStart(5)} s`;
  const detail = event.state === 'done' && event.detail ? paint('dim', `  ${event.detail}`) : '';
  const room = width - 10;
  // A detail that does not fit on the line is left out.
  const whole = `${event.title}${detail}`;
  const title = stringWidth(whole) <= room - 3 ? whole : event.title;
  return ` ${mark} ${padEnd(title, room - 3)} ${paint('dim', time)}`;
};
