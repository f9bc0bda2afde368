// Where `labs check --watch` shows a page: in place on a terminal, or line by line.
import type { Context } from './context.ts';
import type { Page } from './scoreboard.ts';

export interface Screen {
  draw(page: Page): void;
  /** Scrolls by so many lines. */
  scroll(lines: number): void;
  end(): void;
}

/** Draws on the terminal's alternate screen. At the end, shows the old screen again and prints the last state there. */
export const inPlace = ({ output, say }: Pick<Context, 'output' | 'say'>, stdout = process.stdout): Screen => {
  let page: Page = { body: [` ${say.checking}`], foot: [], focus: 0 };
  let hasDrawn = false;
  /** The first line on the screen. Undefined: the user has not scrolled, so the screen follows the focus. */
  let chosen: number | undefined;
  /** The rows for the body, and the first line of it to show. */
  const visible = () => {
    const rows = Math.max(4, (stdout.rows || 24) - page.foot.length - 1);
    const last = Math.max(0, page.body.length - rows);
    return { rows, last, first: Math.min(last, Math.max(0, chosen ?? page.focus - 1)) };
  };
  const show = (): void => {
    const { rows, first, last } = visible();
    const shown = page.body.slice(first, first + rows);
    const help = last > 0 ? say.watchScrollHelp(first + 1, first + shown.length, page.body.length) : say.watchHelp;
    const lines = [...shown, ...page.foot, output.paint('dim', ` ${help}`)];
    output.write(`\u001b[H${lines.map((line) => `${line}\u001b[K`).join('\r\n')}\u001b[J`);
  };
  output.write('\u001b[?1049h\u001b[?25l');
  show();
  stdout.on('resize', show);
  return {
    draw(next) {
      page = next;
      hasDrawn = true;
      show();
    },
    scroll(lines) {
      const { first, last } = visible();
      chosen = Math.min(last, Math.max(0, first + lines));
      show();
    },
    end() {
      stdout.off('resize', show);
      output.write('\u001b[?25h\u001b[?1049l');
      if (hasDrawn) for (const line of [...page.body, ...page.foot]) output.line(line);
    },
  };
};

/** Prints the lines that the last drawing did not have. */
export const lineByLine = ({ output }: Pick<Context, 'output'>): Screen => {
  let before = new Set<string>();
  return {
    draw({ body, foot }) {
      const lines = [...body, ...foot];
      for (const line of lines) if (!before.has(line)) output.line(line);
      before = new Set(lines);
    },
    scroll() {},
    end() {},
  };
};
