// The log check: a log file on a node has a line.
import { brief, type CountRange, contains, inRange, inWords, type TextMatch } from '../match.ts';
import { english as en } from '../say/en.ts';
import { korean as ko } from '../say/ko.ts';
import { absolutePath, atLeastOne, count, machinePlace, match } from './fields.ts';
import { checkKind } from './kind.ts';

/** Only this many bytes at the end of the file are read. */
const tailBytes = 4 << 20;

const english = {
  logExpected: (on: string, path: string, range: CountRange, line: TextMatch) =>
    `${path} on ${en.where(on)} has ${en.counted(range, 'line')} with ${inWords(line)}`,
  noLog: (node: string, path: string) => `${node} has no file ${path}`,
  noLine: (node: string, path: string) => `${path} on ${node} has no such line`,
  lastLine: (node: string, path: string, line: string) => `${path} on ${node}: ${line || '(empty)'}`,
};

const korean: typeof english = {
  logExpected: (on, path, range, line) => `${ko.where(on)}의 ${path}에 ${ko.counted(range, `${inWords(line)} 줄`)}`,
  noLog: (node, path) => `${node}에 ${path} 파일 없음`,
  noLine: (node, path) => `${node}의 ${path}에 그런 줄이 없음`,
  lastLine: (node, path, line) => `${node}의 ${path}: ${line || '(비어 있음)'}`,
};

export const logCheck = checkKind({
  type: 'log',
  summary: 'A log file has a line.',
  fields: { on: machinePlace, path: absolutePath, line: match, count: count.prefault(atLeastOne) },
  words: { en: english, ko: korean },
  expected: ({ on, path, line, count }, say) => say.logExpected(on, path, count, line),
  judge({ on, path, line, count }, view, say) {
    return view.places.each(on, ({ machine, label }) => {
      const file = view.facts.one<'file'>({ kind: 'file', machine, path, tailBytes });
      if (!file.exists) return { holds: false, observed: say.noLog(label, path) };
      const lines = file.content.split('\n').filter((text) => contains(line, text));
      const last = lines.at(-1);
      return {
        holds: inRange(lines.length, count),
        observed: last === undefined ? say.noLine(label, path) : say.lastLine(label, path, brief(last, 200)),
        hint: say.onMachine(label, `tail ${path}`),
      };
    });
  },
});
