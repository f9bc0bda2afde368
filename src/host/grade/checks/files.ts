// Checks of files and logs on a node, read by the fabric.
import type { FileCheck, LogCheck } from '../../../api/lab.ts';
import { brief, contains, countWords, inRange, inWords } from '../match.ts';
import type { CheckKind, Verdict } from '../verdict.ts';

export const fileCheck: CheckKind<FileCheck> = {
  describe: ({ on, path, exists, content }) =>
    exists
      ? `${where(on)} has the file ${path}${content === undefined ? '' : ` with ${inWords(content)} in it`}`
      : `${where(on)} has no file ${path}`,
  evaluate(check, view) {
    const nodes = view.places(check.on);
    const files = view.all<'file'>(
      nodes.map(({ machine }) => ({ kind: 'file' as const, machine, path: check.path, tailBytes: 1 << 18 })),
    );
    const content = check.content === undefined ? undefined : view.fill(check.content);
    const verdicts = nodes.map((node, index): Verdict => {
      const file = files[index];
      if (!file?.exists) return { holds: !check.exists, observed: `${node.label} has no file ${check.path}` };
      if (!check.exists) return { holds: false, observed: `${node.label} has the file ${check.path}` };
      const found = content === undefined || contains(content, file.content);
      return { holds: found, observed: `${check.path} on ${node.label}: ${brief(file.content, 100) || '(empty)'}` };
    });
    return verdicts.find(({ holds }) => holds === check.not) ?? (verdicts.at(-1) as Verdict);
  },
};

export const logCheck: CheckKind<LogCheck> = {
  describe: ({ on, path, line, count }) =>
    `${path} on ${where(on)} has ${countWords(count)} line with ${inWords(line)}`,
  evaluate(check, view) {
    const nodes = view.places(check.on);
    const files = view.all<'file'>(
      nodes.map(({ machine }) => ({ kind: 'file' as const, machine, path: check.path, tailBytes: 4 << 20 })),
    );
    const wanted = view.fill(check.line);
    const verdicts = nodes.map((node, index): Verdict => {
      const file = files[index];
      if (!file?.exists) return { holds: false, observed: `${node.label} has no file ${check.path}` };
      const lines = file.content.split('\n').filter((line) => contains(wanted, line));
      return {
        holds: inRange(lines.length, check.count),
        observed:
          lines.length === 0
            ? `${check.path} on ${node.label} has no such line`
            : `${node.label}: ${brief(lines.at(-1) ?? '', 200)}`,
        hint: `On ${node.label}: tail ${check.path}`,
      };
    });
    return verdicts.find(({ holds }) => holds === check.not) ?? (verdicts.at(-1) as Verdict);
  },
};

const where = (reference: string): string => (reference === 'node/*' ? 'each node' : reference.replace('node/', ''));
