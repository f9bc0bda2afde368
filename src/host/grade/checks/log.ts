// The log check: a component has logged a line, or a log file on a node has one.
import * as z from 'zod';
import { type Component, components, logFiles } from '../../../api/paths.ts';
import { isOutside } from '../access.ts';
import { brief, type CountRange, contains, inRange, inWords, type TextMatch } from '../match.ts';
import { english as en } from '../say/en.ts';
import { korean as ko } from '../say/ko.ts';
import type { View } from '../view/view.ts';
import { absolutePath, atLeastOne, count, machinePlace, match } from './fields.ts';
import { checkKind } from './kind.ts';

/** Only this many bytes at the end of the file are read. */
const tailBytes = 4 << 20;

const english = {
  logExpected: (on: string, log: string, range: CountRange, line: TextMatch) =>
    `${log} on ${en.where(on)} has ${en.counted(range, 'line')} with ${inWords(line)}`,
  logOf: (component: string) => `the log of ${component}`,
  noLog: (node: string, path: string) => `${node} has no file ${path}`,
  noJournal: (node: string) => `${node} has no journal`,
  noLine: (node: string, path: string) => `${path} on ${node} has no such line`,
  notLogged: (node: string, component: string) => `${component} on ${node} has logged no such line`,
  lastLine: (node: string, path: string, line: string) => `${path} on ${node}: ${line || '(empty)'}`,
};

const korean: typeof english = {
  logExpected: (on, log, range, line) => `${ko.where(on)}의 ${log}에 ${ko.counted(range, `${inWords(line)} 줄`)}`,
  logOf: (component) => `${component} 로그`,
  noLog: (node, path) => `${node}에 ${path} 파일 없음`,
  noJournal: (node) => `${node}에 저널 없음`,
  noLine: (node, path) => `${node}의 ${path}에 그런 줄이 없음`,
  notLogged: (node, component) => `${node}의 ${component} 로그에 그런 줄이 없음`,
  lastLine: (node, path, line) => `${node}의 ${path}: ${line || '(비어 있음)'}`,
};

export const logCheck = checkKind({
  type: 'log',
  summary: 'A component has logged a line, or a log file has one.',
  fields: {
    on: machinePlace,
    path: absolutePath
      .exactOptional()
      .meta({ description: 'The log file. Without unit.', examples: ['/var/log/kube-proxy.log'] }),
    unit: z
      .enum(components)
      .exactOptional()
      .meta({ description: 'A component, whose lines in the journal count. Without path.' }),
    line: match.meta({ description: 'What the line contains.', examples: ['/GET .*services/'] }),
    count: count.prefault(atLeastOne),
  },
  words: { en: english, ko: korean },
  mistakes: ({ path, unit }) =>
    (path === undefined) === (unit === undefined)
      ? [{ message: 'a log check needs one of the fields path and unit' }]
      : [],
  expected: ({ on, path, unit = '', line, count }, say) => say.logExpected(on, path ?? say.logOf(unit), count, line),
  judge({ on, path = '', line, count, ...check }, view, say) {
    return view.places.each(on, ({ machine, label }) => {
      const unit = check.unit ?? componentOf(path, machine, view);
      const log = path || say.logOf(unit ?? '');
      const file = unit
        ? view.facts.one<'journal'>({ kind: 'journal', machine, unit })
        : view.facts.one<'file'>({ kind: 'file', machine, path, tailBytes });
      if (!file.exists) return { holds: false, observed: unit ? say.noJournal(label) : say.noLog(label, path) };
      const lines = file.content.split('\n').filter((text) => contains(line, text));
      const last = lines.at(-1);
      const none = unit ? say.notLogged(label, unit) : say.noLine(label, path);
      return {
        holds: inRange(lines.length, count),
        observed: last === undefined ? none : say.lastLine(label, log, brief(last, 200)),
        hint: say.onMachine(label, unit ? `journalctl -u ${unit}` : `tail ${path}`),
      };
    });
  },
});

/** Everybody who is root can write a line into the file of a component. Its lines in the journal say who wrote them. */
const componentOf = (path: string, machine: string, { machines }: View): Component | undefined =>
  isOutside(machines.roleOf(machine)) ? undefined : logFiles[path];
