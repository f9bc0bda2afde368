// Checks that pass in a cluster in which nobody has done anything, and what failed checks show there.
import { hasProxy } from '../../../../api/cluster.ts';
import type { LabDefinition } from '../../../../api/lab.ts';
import { block } from '../../../grade/entry.ts';
import { evaluate } from '../../../grade/evaluate.ts';
import { phrases } from '../../../grade/say/phrases.ts';
import type { TimedEvaluation } from '../../../grade/verdict.ts';
import { createView } from '../../../grade/view/view.ts';
import { type Finding, finding } from '../finding.ts';
import { allMachinesOf, freshCluster } from '../fresh-cluster.ts';
import { checksOf, type LabSource, type LocatedCheck, needsOf } from '../source.ts';
import { absenceIn, wayBack } from './checks.ts';
import { reach } from './scripts.ts';

export const untouchedRules = (source: LabSource): readonly Finding[] => {
  const { lab } = source;
  if (!lab) return [];
  const evaluations = evaluateUntouched(lab);
  return checksOf(source).flatMap((each) => {
    const outcome = evaluations.get(each.id)?.outcome;
    if (outcome?.outcome !== 'pass' || (changesCluster(lab) && !isCertain(each, source))) return [];
    // The rule `absence-needs` says more about it.
    if (absenceIn(each.check) !== undefined && needsOf(each).length === 0) return [];
    return [
      finding(
        'passes-untouched',
        source.at(each.path),
        `this check passes before the student has done anything: ${outcome.observed}`,
        `학생이 아무것도 하지 않아도 통과하는 검사입니다: ${outcome.observed}`,
      ),
    ];
  });
};

/** Nobody knows what the lab's own manifests and scripts make of the cluster. */
const changesCluster = ({ manifests, setup }: LabDefinition): boolean => manifests.length > 0 || setup !== undefined;

/**
 * What a start certainly has, whatever the lab's own manifests and scripts add: objects of the cluster itself, and the
 * links and routes of machines. A script that names a machine may take them away.
 */
const isCertain = ({ check, task }: LocatedCheck, source: LabSource): boolean => {
  if (absenceIn(check) !== undefined || task.setup !== undefined) return false;
  const { type, object, on } = check;
  if (type === 'object')
    return check.history === undefined && check.count === undefined && ownObjects.test(String(object));
  if (type !== 'link' && type !== 'route') return false;
  const setup = typeof source.raw.setup === 'string' ? codeFrom(source.raw.setup, source) : '';
  const [kind, name = ''] = String(on).split('/');
  if (kind !== 'machine') return setup === '';
  return !/\bmachine\((?!['"`])/.test(setup) && !setup.includes(name);
};

const ownObjects = new RegExp(
  `^(${[
    'service/(default/)?kubernetes',
    'service/kube-system/kube-dns',
    'namespace/(default|kube-(system|public|node-lease))',
    'node/[^/*=]+',
  ].join('|')})$`,
);

/** A script with all that it imports. */
const codeFrom = (file: string, { files, scripts }: LabSource): string => {
  const used = new Set<string>();
  reach(file, scripts, used);
  return [...used].map((each) => files.get(each) ?? '').join('\n');
};

const nobody = { answers: {}, verified: {}, begun: [] };

/** What each check says in a fresh cluster. A check that asks for unknown facts is `broken`. */
export const evaluateUntouched = (lab: LabDefinition): ReadonlyMap<string, TimedEvaluation> => {
  const say = phrases.en;
  const view = createView({
    ...{ cluster: lab.cluster, machines: allMachinesOf(lab.cluster), say },
    store: freshCluster(lab.cluster),
  });
  const acyclic = withoutCycles(lab);
  const proxied = lab.cluster.nodes.every(hasProxy);
  const entries = acyclic.tasks.flatMap((task, index) =>
    task.checks.map((check): readonly [string, TimedEvaluation] => {
      const evaluation = evaluate({ check, task, number: index + 1, student: nobody, view, say });
      // A fresh node does by definition what kube-proxy does, and nothing else.
      const isTwin =
        proxied && (check.type === 'twin' || check.type === 'untouched') && task.setup === undefined && !check.not;
      const pass = { outcome: 'pass', observed: 'kube-proxy runs everywhere' } as const;
      const outcome = isTwin ? pass : evaluation.outcome;
      return [`${task.id}/${check.id}`, { ...evaluation, outcome, durationMs: 0 }];
    }),
  );
  return block(acyclic, new Map(entries));
};

/** Without the needs of checks that need themselves: `block` would never come to an end. */
const withoutCycles = (lab: LabDefinition): LabDefinition => {
  const idOf = (task: string, check: string): string => `${task}/${check}`;
  const needs = new Map(
    lab.tasks.flatMap(({ id, checks }) => checks.map((check) => [idOf(id, check.id), check.needs] as const)),
  );
  return {
    ...lab,
    tasks: lab.tasks.map((task) => ({
      ...task,
      checks: task.checks.map((check) => (wayBack(idOf(task.id, check.id), needs) ? { ...check, needs: [] } : check)),
    })),
  };
};
