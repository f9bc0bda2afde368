// Checks that cannot do their work: unreachable ones, those that can never pass, and absences that nothing backs.
import { isIP } from 'node:net';
import { ScalarError, withoutHostBits } from '../../../../api/scalars.ts';
import { type Raw, recordOf } from '../../../lab/raw.ts';
import { type Finding, finding } from '../finding.ts';
import { checksOf, type LabSource, type LocatedCheck, namesIn, needsOf } from '../source.ts';

export const checkRules = (source: LabSource): readonly Finding[] => [
  ...cycles(source),
  ...laterNeeds(source),
  ...contradictions(source),
  ...impossibleRoutes(source),
  ...repeatedNeeds(source),
  ...absences(source),
];

/** Each check of a cycle is named. The reader names one check of one cycle. */
const cycles = (source: LabSource): readonly Finding[] => {
  const checks = checksOf(source);
  const needs = new Map(checks.map((each) => [each.id, needsOf(each)]));
  return checks.flatMap((each) => {
    const way = wayBack(each.id, needs);
    if (!way || way.length < 2) return [];
    const names = [...way, each.id].join(' → ');
    return [
      finding(
        'needs-cycle',
        source.at([...each.path, 'needs']),
        `this check can never run, because it needs itself: ${names}`,
        `이 검사는 자신을 필요로 하므로 실행되지 않습니다: ${names}`,
      ),
    ];
  });
};

/** The checks on the way from a check back to itself, which is the first. */
export const wayBack = (id: string, needs: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined => {
  const seen = new Set<string>();
  const find = (from: string, way: readonly string[]): readonly string[] | undefined => {
    for (const next of needs.get(from) ?? []) {
      if (next === id) return way;
      if (seen.has(next)) continue;
      seen.add(next);
      const found = find(next, [...way, next]);
      if (found) return found;
    }
    return undefined;
  };
  return find(id, [id]);
};

const laterNeeds = (source: LabSource): readonly Finding[] => {
  const checks = checksOf(source);
  const numbers = new Map(checks.map(({ id, number }) => [id, number]));
  return checks.flatMap((each) => {
    const later = needsOf(each).find((need) => (numbers.get(need) ?? -1) > each.number);
    if (later === undefined) return [];
    return [
      finding(
        'later-need',
        source.at([...each.path, 'needs']),
        `this check is blocked until a later task is done: it needs ${later}`,
        `뒤 과제를 마칠 때까지 막혀 있는 검사입니다. 필요한 검사: ${later}`,
      ),
    ];
  });
};

/** Needs of tasks that say nothing new. */
const repeatedNeeds = (source: LabSource): readonly Finding[] => {
  const needs = new Map(source.tasks.map((task) => [String(task.id), namesIn(task.needs)]));
  const reaches = (from: string, to: string, seen: ReadonlySet<string> = new Set()): boolean =>
    !seen.has(from) &&
    (needs.get(from) ?? []).some((next) => next === to || reaches(next, to, new Set([...seen, from])));
  return source.tasks.flatMap((task, number) => {
    const own = namesIn(task.needs);
    const index = own.findIndex(
      (need, at) => own.indexOf(need) !== at || own.some((other) => other !== need && reaches(other, need)),
    );
    const need = own[index];
    if (need === undefined) return [];
    return [
      finding(
        'repeated-need',
        source.at(['tasks', number, 'needs', ...(Array.isArray(task.needs) ? [index] : [])]),
        `task "${need}" is needed anyway: remove it from \`needs\``,
        `\`needs\`에서 빼도 되는 과제입니다. 어차피 먼저 해야 합니다: ${need}`,
      ),
    ];
  });
};

/** A check and its needs that cannot hold at the same time. */
const contradictions = (source: LabSource): readonly Finding[] => {
  const checks = new Map(checksOf(source).map((each) => [each.id, each]));
  return [...checks.values()].flatMap((each) => {
    const against = allNeeds(each, checks).find((need) => isContrary(each.check, need.check));
    if (!against) return [];
    return [
      finding(
        'never-passes',
        source.at(each.path),
        `this check can never pass: it needs ${against.id}, which requires the opposite`,
        `통과할 수 없는 검사입니다. 필요한 검사 ${against.id}의 조건이 이 검사와 반대입니다`,
      ),
    ];
  });
};

const allNeeds = (
  from: LocatedCheck,
  checks: ReadonlyMap<string, LocatedCheck>,
  seen = new Set<string>(),
): readonly LocatedCheck[] =>
  needsOf(from).flatMap((need) => {
    const found = checks.get(need);
    if (!found || seen.has(need)) return [];
    seen.add(need);
    return [found, ...allNeeds(found, checks, seen)];
  });

const isContrary = (a: Raw, b: Raw): boolean => {
  if (a.type !== b.type) return false;
  if (a.type === 'object' && a.object === b.object && a.history === undefined && b.history === undefined)
    return isGone(a) !== isGone(b);
  return (a.not === true) !== (b.not === true) && conditionOf(a) === conditionOf(b);
};

const isGone = ({ exists, not }: Raw): boolean => (exists === false) !== (not === true);

const notCondition = ['id', 'title', 'points', 'needs', 'hint', 'reveal', 'partial', 'visibility', 'not', 'within'];

const conditionOf = (check: Raw): string =>
  JSON.stringify(
    Object.entries(check)
      .filter(([field]) => !notCondition.includes(field) && field !== 'stableFor')
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

/** A check that passes because something is missing must need a check that proves that its subject exists. */
const absences = (source: LabSource): readonly Finding[] =>
  checksOf(source).flatMap((each) => {
    const field = absenceIn(each.check);
    // A setup makes the subject of its task's checks.
    if (field === undefined || needsOf(each).length > 0 || typeof each.task.setup === 'string') return [];
    return [
      finding(
        'absence-needs',
        source.at(each.path, field),
        `this check may pass because nothing exists yet: name in \`needs\` a check that proves that its subject exists`,
        `아직 아무것도 없어서 통과할 수 있는 검사입니다. 대상이 있음을 증명하는 검사를 \`needs\`에 쓰세요`,
      ),
    ];
  });

/** Routes that no machine can have. An address that nobody has yet may be one that the student gives. */
const impossibleRoutes = (source: LabSource): readonly Finding[] =>
  checksOf(source).flatMap((each) => {
    const { type, to, via, not } = each.check;
    if (type !== 'route' || not === true) return [];
    const found = (field: string, en: string, ko: string): Finding =>
      finding('never-passes', source.at([...each.path, field]), en, ko);
    const network = typeof to === 'string' ? networkOf(to) : undefined;
    return [
      ...(typeof via === 'string' && !via.includes('${') && isIP(via) === 0
        ? [
            found(
              'via',
              `this check can never pass: "${via}" is no address. Write the address of the next hop`,
              `통과할 수 없는 검사입니다. 주소가 아닙니다: "${via}". 다음 홉의 주소를 쓰세요`,
            ),
          ]
        : []),
      ...(network !== undefined && network !== to
        ? [
            found(
              'to',
              `this check can never pass: ${to} is the address of a machine. The network is ${network}`,
              `통과할 수 없는 검사입니다. ${to}: 네트워크가 아니라 머신의 주소입니다. 네트워크: ${network}`,
            ),
          ]
        : []),
    ];
  });

/** `10.0.0.0/24` for `10.0.0.7/24`; undefined for what is no IPv4 network. */
const networkOf = (written: string): string | undefined => {
  try {
    return withoutHostBits(written);
  } catch (error) {
    if (error instanceof ScalarError) return undefined;
    throw error;
  }
};

/** The field that makes a check one of an absence. */
export const absenceIn = (check: Raw): string | undefined => {
  const { not, count, exists, expect, packet } = check;
  if (not === true) return 'not';
  if (count === 0 || recordOf(count).max === 0) return 'count';
  if (exists === false) return 'exists';
  const expected = (Array.isArray(expect) ? expect : [expect]).map(String);
  if (expected.some((each) => ['dropped', 'rejected', 'denied'].includes(each))) return 'expect';
  return ['dropped', 'rejected'].includes(String(recordOf(packet).fate)) ? 'packet' : undefined;
};
