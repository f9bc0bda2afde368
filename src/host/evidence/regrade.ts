// Grades a lab again from the facts that were kept: no cluster, no Docker, no clock.
import type { LabDefinition } from '../../api/lab.ts';
import type { Report } from '../../api/report.ts';
import type { Ipv4 } from '../../api/scalars.ts';
import { block, evaluateEntry, selectEntries } from '../grade/engine.ts';
import { type Fact, type FactRequest, keyOf, MissingFacts } from '../grade/facts.ts';
import { assembleReport, type ReportOptions } from '../grade/report-of.ts';
import type { TimedEvaluation } from '../grade/verdict.ts';
import type { Content, KeptCheck, KeptFact } from './content.ts';

/** Facts of scripts name a file of the lab. Evidence has its path inside of the lab's folder. */
const scriptKinds: ReadonlySet<string> = new Set(['check', 'expected']);

export const isScripted = ({ requests }: KeptFact): boolean => requests.some(({ kind }) => scriptKinds.has(kind));

export const withoutFolder = (request: FactRequest, folder: string): KeptFact['requests'][number] => {
  const copy = JSON.parse(JSON.stringify(request)) as { kind: string; file?: string };
  if (!scriptKinds.has(copy.kind) || copy.file === undefined) return copy;
  return { ...copy, file: copy.file.startsWith(`${folder}/`) ? copy.file.slice(folder.length + 1) : copy.file };
};

const keyIn = (request: KeptFact['requests'][number], folder: string): string => {
  const { file } = request;
  const here = scriptKinds.has(request.kind) && typeof file === 'string' ? { file: `${folder}/${file}` } : {};
  return keyOf({ ...request, ...here } as unknown as FactRequest);
};

export interface Regraded {
  readonly report: Report;
  /** Checks of this definition that ask for facts that were not kept, or that were not graded at all. */
  readonly without: readonly string[];
}

/** @param lab the definition that judges. With another one, facts may be missing; such checks are `broken`. */
export const regrade = (lab: LabDefinition, content: Content): Regraded => {
  const options = optionsOf(lab, content);
  const kept = new Map(content.checks.map((check) => [check.check, check]));
  const without: string[] = [];
  const evaluations = selectEntries(lab, {}).map((entry) => {
    const check = kept.get(entry.id);
    const evaluation = check && evaluateKept(entry, check, content, options);
    if (!evaluation) without.push(entry.id);
    return [entry.id, evaluation ?? notKept] as const;
  });
  const { gradedAt, durationMs, submission } = content.about;
  const report = assembleReport(options, block(lab, new Map(evaluations)), { gradedAt, durationMs });
  return { report: submission ? { ...report, submission } : report, without };
};

const optionsOf = (lab: LabDefinition, { about, student }: Content): ReportOptions => ({
  lab,
  access: { name: about.name, machines: about.machines.map((each) => ({ ...each, address: each.address as Ipv4 })) },
  progress: student,
  language: about.language,
});

const notKept: TimedEvaluation = {
  outcome: { outcome: 'broken', cause: 'the evidence has no facts for this check' },
  expected: '',
  retry: 'never',
  durationMs: 0,
};

/** @returns undefined if the check asks for a fact that was not kept */
export const evaluateKept = (
  entry: Parameters<typeof evaluateEntry>[0],
  check: KeptCheck,
  { facts }: Pick<Content, 'facts'>,
  options: ReportOptions,
): TimedEvaluation | undefined => {
  const { durationMs, verdict } = check;
  if (verdict) return { ...verdict, durationMs };
  const { folder } = options.lab;
  const store = new Map<string, Fact>();
  for (const number of check.facts) {
    const fact = facts[number - 1];
    for (const request of fact?.requests ?? []) store.set(keyIn(request, folder), fact?.answer as Fact);
  }
  try {
    return { ...evaluateEntry(entry, options, store, 0), durationMs };
  } catch (error) {
    if (error instanceof MissingFacts) return undefined;
    throw error;
  }
};

export { optionsOf as gradingOptions };
