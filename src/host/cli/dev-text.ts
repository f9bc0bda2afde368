// Prints what `labs dev` tells: as lines for people, or one line of JSON for each event.
import { join, relative } from 'node:path';
import { type LabDefinition, localize } from '../../api/lab.ts';
import type { CheckReport } from '../../api/report.ts';
import type { DevEvent, Verdict } from '../instructor/dev/dev.ts';
import type { UsedScript } from '../instructor/dev/effect.ts';
import type { Finding } from '../instructor/lint/finding.ts';
import { severityOf } from '../instructor/lint/rule-table.ts';
import type { Context } from './context.ts';
import type { Style } from './output.ts';
import { secondsOf, wrap } from './text.ts';

export interface DevPrinter {
  print(event: DevEvent): void;
}

export const devPrinter = (context: Context, folder: string, name: string): DevPrinter =>
  context.json ? jsonLines(context) : textLines(context, folder, name);

const jsonLines = ({ output, environment }: Context): DevPrinter => {
  const plain = ({ file, line, column, rule, text }: Finding) => ({
    ...{ file, line, column, severity: severityOf(rule), rule },
    message: localize(text, environment.language),
  });
  const shown = (event: DevEvent): object => {
    if (event.event === 'invalid') return { ...event, findings: event.findings.map(plain) };
    if (event.event !== 'lint') return event;
    return { ...event, found: event.found.map(plain), mended: event.mended.map(plain) };
  };
  return { print: (event) => output.line(JSON.stringify({ at: new Date().toISOString(), ...shown(event) })) };
};

const marks: Readonly<Record<CheckReport['outcome'], readonly [string, Style]>> = {
  pass: ['✔', 'green'],
  fail: ['✘', 'red'],
  blocked: ['·', 'dim'],
  broken: ['!', 'magenta'],
};

const textLines = (context: Context, folder: string, name: string): DevPrinter => {
  const { output, say, environment } = context;
  let hasEffect = true;
  const indented = (text: string, style?: Style): void => {
    for (const [row, line] of wrap(text, output.width - 6).entries())
      output.line(`${row === 0 ? '   ' : '     '}${style ? output.paint(style, line) : line}`);
  };
  const finding = (each: Finding): void => {
    const path = relative(process.cwd(), join(folder, each.file));
    const severity = severityOf(each.rule);
    const place = `${path.startsWith('..') ? join(folder, each.file) : path}:${each.line}:${each.column}`;
    const sentence = `${say.severities[severity]}: ${localize(each.text, environment.language)} [${each.rule}]`;
    indented(`${place}: ${sentence}`, severity === 'error' ? 'red' : 'yellow');
  };
  const check = (id: string, before: Verdict | undefined, after: Verdict | undefined): void => {
    const words = say.devOutcomes;
    if (!after) {
      indented(`– ${id}: ${say.devGone}`, 'dim');
      return;
    }
    const [mark, style] = marks[after.outcome];
    const was = before ? words[before.outcome] : say.devNew;
    const isSame = before?.outcome === after.outcome && before.observed === after.observed;
    const change = isSame ? `${words[after.outcome]}, ${say.devSame}` : `${was} → ${words[after.outcome]}`;
    const saw = isSame && after.outcome === 'pass' ? '' : ` (${after.observed})`;
    indented(`${output.paint(style, mark)} ${id}: ${change}${saw}`);
  };
  const cluster = (lines: readonly string[]): void => {
    if (lines.length === 0) {
      indented(say.devSameCluster, 'green');
      return;
    }
    indented(`! ${say.devCluster}`, 'yellow');
    for (const line of lines.slice(0, 8)) indented(`- ${line}`);
    indented(output.interactive ? say.devRestartKey : say.devRestartWith(name), 'yellow');
  };
  return {
    print(event) {
      hasEffect ||= !['edited', 'done'].includes(event.event);
      switch (event.event) {
        case 'edited':
          hasEffect = false;
          return output.line(output.paint('bold', event.files.join(', ')));
        case 'invalid':
          indented(say.devInvalid, 'red');
          return event.findings.forEach(finding);
        case 'lint':
          event.found.forEach(finding);
          for (const { file, rule } of event.mended) indented(`✔ ${say.devMended}: ${file} [${rule}]`, 'green');
          return;
        case 'check':
          return check(event.check, event.before, event.after);
        case 'script':
          return indented(say.devScript(event.script.file, commandOf(event.script, name)));
        case 'cluster':
          return cluster(event.differences);
        case 'unknown':
          return indented(`! ${say.devUnknown(say.fromEnglish(event.problem))}`, 'magenta');
        case 'done':
          if (!hasEffect) indented(say.devNoEffect, 'dim');
          return output.line(output.paint('dim', `   ${secondsOf(event.milliseconds)} s`));
      }
    },
  };
};

/** The command that runs the script. */
const commandOf = ({ field, task }: UsedScript, name: string): string => {
  switch (field) {
    case 'solve':
      return `labs solve ${task}`;
    case 'wrong':
      return `labs test . --task ${task}`;
    case 'setup':
    case 'clear':
      return `labs reset ${task ?? name}`;
    case 'restore':
      return 'labs goto 1';
    case 'manifests':
      return `labs reset ${name}`;
  }
};

/** What the screen says at the beginning. */
export const printFollowing = ({ output, say, json }: Context, { folder }: LabDefinition, name: string): void => {
  if (json) {
    output.line(JSON.stringify({ at: new Date().toISOString(), event: 'following', folder, name }));
    return;
  }
  for (const line of wrap(say.devFollows(folder, name), output.width)) output.line(line);
  if (output.interactive) output.line(output.paint('dim', say.devQuit));
};

/** For programs: from now on, what an edit does is compared with what was before. */
export const printReady = ({ output }: Context): void =>
  output.line(JSON.stringify({ at: new Date().toISOString(), event: 'ready' }));
