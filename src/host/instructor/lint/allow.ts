// Exceptions: `labs-lint: allow RULE because REASON` in a comment, on the line of the finding or above it.

import { nearestAll } from '../../../kit/suggest.ts';
import { type Finding, finding } from './finding.ts';
import { meant } from './meant.ts';
import { isRule, ruleTable } from './rule-table.ts';

interface Allowance {
  readonly file: string;
  /** The line of the comment. */
  readonly line: number;
  readonly column: number;
  /** The last line that it is about: the next one, or the end of the code block there. */
  readonly until: number;
  readonly rule: string;
  readonly reason: string | undefined;
}

const comment = /labs-lint: allow ([\w-]*)(?: because ([^\n]*?))?\s*(?:-->|\*\/)?\s*$/;

/** Drops what a comment allows. Adds comments without a reason, and those that allow nothing. */
export const applyAllowances = (
  findings: readonly Finding[],
  files: ReadonlyMap<string, string>,
): readonly Finding[] => {
  const allowances = [...files].flatMap(([file, content]) => allowancesIn(file, content));
  const used = new Set<Allowance>();
  const kept = findings.filter(({ file, line, rule }) => {
    const found = allowances.find(
      (each) => each.file === file && each.rule === rule && line >= each.line && line <= each.until,
    );
    if (found) used.add(found);
    return !found;
  });
  return [...kept, ...allowances.flatMap((each) => problemsOf(each, used.has(each)))];
};

const allowancesIn = (file: string, content: string): readonly Allowance[] => {
  if (!content.includes('labs-lint: allow')) return [];
  const lines = content.split('\n');
  return lines.flatMap((text, row) => {
    const found = comment.exec(text);
    if (!found) return [];
    const [, rule = '', reason] = found;
    const [, fence] = /^\s*(`{3,}|~{3,})/.exec(lines[row + 1] ?? '') ?? [];
    const length = lines.slice(row + 2).findIndex((line) => fence !== undefined && line.trim() === fence);
    const until = length === -1 ? row + 2 : row + 3 + length;
    return [{ file, line: row + 1, column: found.index + 1, until, rule, reason }];
  });
};

const problemsOf = (each: Allowance, isUsed: boolean): readonly Finding[] => {
  const { rule, reason } = each;
  if (!isRule(rule)) {
    const near = meant(nearestAll(rule, Object.keys(ruleTable)));
    return [finding('allow-reason', each, `there is no rule "${rule}"${near.en}`, `없는 규칙: "${rule}"${near.ko}`)];
  }
  if (reason === undefined || reason === '')
    return [
      finding(
        'allow-reason',
        each,
        `say why: labs-lint: allow ${rule} because …`,
        `이유를 쓰세요: labs-lint: allow ${rule} because …`,
      ),
    ];
  if (isUsed) return [];
  return [
    finding(
      'unused-allow',
      each,
      `nothing here breaks the rule ${rule}: remove the comment`,
      `여기에는 ${rule} 규칙에 걸리는 것이 없습니다. 주석을 지우세요`,
    ),
  ];
};
