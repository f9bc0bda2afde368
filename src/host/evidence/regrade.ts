// Grades a lab again from the facts that were kept: no cluster, no Docker, no clock.
import type { LabDefinition } from '../../api/lab.ts';
import type { Report } from '../../api/report.ts';
import { isFaultScript } from '../faults/reference.ts';
import { block, evaluateEntry, selectEntries } from '../grade/entry.ts';
import { type Fact, type FactRequest, type FactStore, keyOf, MissingFacts } from '../grade/facts.ts';
import { assembleReport, type ReportOptions } from '../grade/report-of.ts';
import { countInTime } from '../grade/time-limit.ts';
import type { TimedEvaluation } from '../grade/verdict.ts';
import type { Machine } from '../grade/view/machines.ts';
import type { Content, KeptCheck, KeptFact } from './content.ts';
import { isRedacted, redact } from './redact.ts';

/** Facts of scripts name a file of the lab, or a fault. Evidence has the file's path inside of the lab's folder. */
const scriptKinds: ReadonlySet<string> = new Set(['check', 'expected']);

export const isScripted = ({ requests }: KeptFact): boolean => requests.some(({ kind }) => scriptKinds.has(kind));

export const withoutFolder = (request: FactRequest, folder: string): KeptFact['requests'][number] => {
  const copy = JSON.parse(JSON.stringify(request)) as { kind: string; file?: string };
  if (!scriptKinds.has(copy.kind) || copy.file === undefined) return copy;
  return { ...copy, file: copy.file.startsWith(`${folder}/`) ? copy.file.slice(folder.length + 1) : copy.file };
};

const keyIn = (request: KeptFact['requests'][number], folder: string): string => {
  const { file } = request;
  const isOfLab = scriptKinds.has(request.kind) && typeof file === 'string' && !isFaultScript(file);
  const here = isOfLab ? { file: `${folder}/${file}` } : {};
  return keyOf({ ...request, ...here } as unknown as FactRequest);
};

export interface Regraded {
  readonly report: Report;
  /** Checks of this definition that ask for facts that were not kept, or that were not graded at all. */
  readonly without: readonly string[];
  /** Checks with a recorded verdict that their facts do not need. It does not count. */
  readonly refused: readonly string[];
}

/** @param lab the definition that judges. With another one, facts may be missing; such checks are `broken`. */
export const regrade = (lab: LabDefinition, content: Content): Regraded => {
  const options = optionsOf(lab, content);
  const kept = new Map(content.checks.map((check) => [check.check, check]));
  const without: string[] = [];
  const refused: string[] = [];
  const evaluations = selectEntries(lab, {}).map((entry) => {
    const check = kept.get(entry.id);
    const judged = check && evaluateFacts(entry, check, content, options);
    const verdict = judged && mayNeedSecret(entry, judged) ? check.verdict : undefined;
    if (check?.verdict && !verdict) refused.push(entry.id);
    const evaluation = check && verdict ? { ...verdict, durationMs: check.durationMs } : judged?.evaluation;
    if (!evaluation) without.push(entry.id);
    return [entry.id, evaluation ?? notKept] as const;
  });
  const { gradedAt, durationMs, submission } = content.about;
  const present = assembleReport(options, block(lab, new Map(evaluations), options), { gradedAt, durationMs });
  const report = countInTime(present, content.student, content.about.language);
  return { report: submission ? { ...report, submission } : report, without, refused };
};

const optionsOf = (lab: LabDefinition, { about, student }: Content): ReportOptions => ({
  lab,
  access: {
    name: about.name,
    ...(about.unsafeNodes ? { unsafeNodes: true } : {}),
    machines: about.machines as unknown as readonly Machine[],
  },
  progress: student,
  language: about.language,
});

const notKept: TimedEvaluation = {
  outcome: { outcome: 'broken', cause: 'the evidence has no facts for this check' },
  expected: '',
  retry: 'never',
  durationMs: 0,
};

export interface Judged {
  /** Undefined: the check asks for a fact that was not kept. */
  readonly evaluation: TimedEvaluation | undefined;
  /** The facts that the check has read. */
  readonly read: ReadonlySet<Fact>;
}

export const evaluateFacts = (
  entry: Parameters<typeof evaluateEntry>[0],
  { facts: numbers, durationMs }: KeptCheck,
  { facts }: Pick<Content, 'facts'>,
  options: ReportOptions,
): Judged => {
  const { folder } = options.lab;
  const kept = new Map<string, Fact>();
  for (const number of numbers) {
    const fact = facts[number - 1];
    for (const request of fact?.requests ?? []) kept.set(keyIn(request, folder), fact?.answer as Fact);
  }
  const read = new Set<Fact>();
  const store: FactStore = {
    get(key) {
      const fact = kept.get(key);
      if (fact) read.add(fact);
      return fact;
    },
  };
  try {
    // What the lab expects may be a secret, too.
    return { evaluation: redact({ ...evaluateEntry(entry, options, store, 0), durationMs }), read };
  } catch (error) {
    if (error instanceof MissingFacts) return { evaluation: undefined, read };
    throw error;
  }
};

/** Kinds of checks that compare a text of the cluster with one of the lab. */
const readsTexts: ReadonlySet<string> = new Set(['answer', 'file', 'http', 'log', 'object', 'process']);

/** Whether a verdict may depend on what was taken out of the facts that the check has read. */
export const mayNeedSecret = ({ check }: Parameters<typeof evaluateEntry>[0], { read }: Judged): boolean =>
  readsTexts.has(check.type) && [...read].some(isRedacted);

export { optionsOf as gradingOptions };
