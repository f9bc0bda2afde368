// Checks of files and logs on a node, read by the fabric.
import type { FileCheck, LogCheck } from '../../../api/lab.ts';
import { brief, contains, inRange } from '../match.ts';
import type { CheckKind, Verdict } from '../verdict.ts';

export const fileCheck: CheckKind<FileCheck> = {
  describe: ({ on, path, exists, content }, say) => say.fileExpected(on, path, exists, content),
  evaluate(check, view) {
    const nodes = view.places(check.on);
    const files = view.all<'file'>(
      nodes.map(({ machine }) => ({ kind: 'file' as const, machine, path: check.path, tailBytes: 1 << 18 })),
    );
    const content = check.content === undefined ? undefined : view.fill(check.content);
    const verdicts = nodes.map((node, index): Verdict => {
      const file = files[index];
      if (!file?.exists) return { holds: !check.exists, observed: view.say.hasFile(node.label, check.path, false) };
      if (!check.exists) return { holds: false, observed: view.say.hasFile(node.label, check.path, true) };
      const found = content === undefined || contains(content, file.content);
      return { holds: found, observed: view.say.fileContent(node.label, check.path, brief(file.content, 100)) };
    });
    return verdicts.find(({ holds }) => holds === check.not) ?? (verdicts.at(-1) as Verdict);
  },
};

export const logCheck: CheckKind<LogCheck> = {
  describe: ({ on, path, line, count }, say) => say.logExpected(on, path, count, line),
  evaluate(check, view) {
    const nodes = view.places(check.on);
    const files = view.all<'file'>(
      nodes.map(({ machine }) => ({ kind: 'file' as const, machine, path: check.path, tailBytes: 4 << 20 })),
    );
    const wanted = view.fill(check.line);
    const verdicts = nodes.map((node, index): Verdict => {
      const file = files[index];
      if (!file?.exists) return { holds: false, observed: view.say.hasFile(node.label, check.path, false) };
      const lines = file.content.split('\n').filter((line) => contains(wanted, line));
      return {
        holds: inRange(lines.length, check.count),
        observed:
          lines.length === 0
            ? view.say.noLine(node.label, check.path)
            : view.say.fileContent(node.label, check.path, brief(lines.at(-1) ?? '', 200)),
        hint: view.say.onMachine(node.label, `tail ${check.path}`),
      };
    });
    return verdicts.find(({ holds }) => holds === check.not) ?? (verdicts.at(-1) as Verdict);
  },
};
