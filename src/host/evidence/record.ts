// Keeps what a grading rests on, and makes the files of evidence of it.
import type { LabDefinition } from '../../api/lab.ts';
import type { Report } from '../../api/report.ts';
import type { Rests } from '../grade/engine.ts';
import { selectEntries } from '../grade/entry.ts';
import type { Fact, FactRequest } from '../grade/facts.ts';
import { renderJson } from '../grade/report/json.ts';
import type { Student } from '../grade/student.ts';
import type { PastEvent, Progress } from '../tasks/progress-changes.ts';
import type { NamedFile } from './archive.ts';
import { type About, type Content, type KeptCheck, type KeptFact, names, type StudentPart } from './content.ts';
import { redact } from './redact.ts';
import { evaluateFacts, gradingOptions, mayNeedSecret, regrade, withoutFolder } from './regrade.ts';

/** By `task/check`. */
export type Recorded = ReadonlyMap<string, Rests>;

export interface Graded {
  readonly lab: LabDefinition;
  readonly recorded: Recorded;
  readonly progress: Progress;
  readonly about: About;
}

/** The files of evidence in their order, without the manifest; and the report, which is made of the kept facts only. */
export const evidenceOf = (graded: Graded): { readonly files: readonly NamedFile[]; readonly report: Report } => {
  const content = contentOf(graded);
  const { report } = regrade(graded.lab, content);
  const files = [
    jsonFile(names.about, content.about),
    jsonFile(names.student, content.student),
    ...content.facts.map((fact, index) => jsonFile(names.fact(index + 1), fact)),
    jsonFile(names.checks, content.checks),
    { name: names.report, bytes: Buffer.from(renderJson(report)) },
  ];
  return { files, report };
};

const jsonFile = (name: string, value: unknown): NamedFile => ({
  name,
  bytes: Buffer.from(`${JSON.stringify(value, null, 1)}\n`),
});

const contentOf = ({ lab, recorded, progress, about }: Graded): Content => {
  const numbers = new Map<Fact, number>();
  const facts: { requests: KeptFact['requests']; answer: KeptFact['answer'] }[] = [];
  const checks = [...recorded].map(([check, { evaluation, facts: read }]): KeptCheck => {
    const used = [...read].map(([key, fact]) => {
      const request = withoutFolder(Object.fromEntries(JSON.parse(key)) as FactRequest, lab.folder);
      const number = numbers.get(fact) ?? facts.push({ requests: [], answer: plain(fact) });
      numbers.set(fact, number);
      const { requests = [] } = facts[number - 1] ?? {};
      if (!requests.some((known) => JSON.stringify(known) === JSON.stringify(request))) requests.push(request);
      return number;
    });
    return { check, durationMs: evaluation.durationMs, facts: [...new Set(used)] };
  });
  const content = { about, student: studentPart(progress), facts, checks };
  return { ...content, checks: checks.map((check) => judgedAgain(lab, content, check, recorded.get(check.check))) };
};

/** What JSON keeps of the fact, without secrets. */
const plain = (fact: Fact): KeptFact['answer'] => redact(JSON.parse(JSON.stringify(fact))) as KeptFact['answer'];

/** Keeps the verdict of a check that the kept facts do not lead to, because a secret was taken out of them. */
const judgedAgain = (lab: LabDefinition, content: Content, check: KeptCheck, rests: Rests | undefined): KeptCheck => {
  const entry = selectEntries(lab, {}).find(({ id }) => id === check.check);
  if (!entry || !rests) return check;
  const judged = evaluateFacts(entry, check, content, gradingOptions(lab, content));
  const wanted = redact(rests.evaluation);
  if (JSON.stringify(judged.evaluation) === JSON.stringify(wanted) || !mayNeedSecret(entry, judged)) return check;
  const { outcome, expected, retry } = wanted;
  return { ...check, verdict: JSON.parse(JSON.stringify({ outcome, expected, retry })) };
};

const studentPart = (progress: Progress): StudentPart => {
  const { answers, verified, begun, hints, passedAt, solved, skipped, history, clock, counted } = progress;
  // All that a grading may look at.
  const known = { answers, verified, begun, hints, passedAt, solved, skipped, history, counted };
  const student = { ...known, ...(clock ? { clock } : {}) } satisfies Omit<Required<Student>, 'clock'>;
  return JSON.parse(JSON.stringify({ ...student, attempts: attemptsOf(history) }));
};

const attemptsOf = (history: readonly PastEvent[]): StudentPart['attempts'] => {
  const attempts: StudentPart['attempts'] = {};
  for (const { what, task, check, right, at } of history) {
    if (what !== 'answer') continue;
    const id = `${task}/${check}`;
    const { tries = 0, wrong = 0, first = at } = attempts[id] ?? {};
    attempts[id] = { tries: tries + 1, wrong: wrong + (right ? 0 : 1), first, last: at };
  }
  return attempts;
};
