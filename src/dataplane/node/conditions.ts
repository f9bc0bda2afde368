// What depends on the moment, such as a limit: ways that end alike in both cases are one, and the cases that there are.
import { TraceLimitError } from './budget.ts';
import type { Condition } from './packet.ts';

interface Conditional {
  readonly probability: number;
  readonly conditions: readonly Condition[];
}

export const conditionsKey = (conditions: readonly Condition[]): string =>
  conditions.length === 0
    ? ''
    : conditions
        .map(({ key, holds }) => `${holds} ${key}`)
        .toSorted()
        .join('\n');

const without = (conditions: readonly Condition[], key: string): readonly Condition[] =>
  conditions.filter((each) => each.key !== key);

/**
 * Two ways that differ only in whether one condition holds are one way without it.
 * @param alike the same text for ways that need not be told apart
 */
export const resolve = <T extends Conditional>(ways: readonly T[], alike: (way: T) => string): T[] => {
  if (ways.every(({ conditions }) => conditions.length === 0)) return [...ways];
  const groups = Map.groupBy(ways, (way) => (way.conditions.length === 0 ? way : alike(way)));
  const plain = ways.filter(({ conditions }) => conditions.length === 0);
  const conditional = [...groups].flatMap(([key, group]) => (typeof key === 'string' ? resolveGroup(group) : []));
  return [...plain, ...conditional];
};

const resolveGroup = <T extends Conditional>(group: readonly T[]): T[] => {
  const sums = new Map<string, T>();
  for (const way of group) {
    const key = conditionsKey(way.conditions);
    const same = sums.get(key);
    sums.set(key, same ? { ...same, probability: same.probability + way.probability } : way);
  }
  const left = new Map<string, T>();
  const add = (way: T): void => {
    for (const { key, holds } of way.conditions) {
      const turned = way.conditions.map((each) => (each.key === key ? { ...each, holds: !holds } : each));
      const other = left.get(conditionsKey(turned));
      if (!other || Math.abs(other.probability - way.probability) > 1e-9) continue;
      left.delete(conditionsKey(turned));
      add({ ...(holds ? way : other), conditions: without(way.conditions, key) });
      return;
    }
    left.set(conditionsKey(way.conditions), way);
  };
  for (const way of sums.values()) add(way);
  return [...left.values()];
};

/** More cases than this are not told apart. */
const mostCases = 256;

/**
 * The ways that are possible together: one list for each answer to the questions that the conditions ask. The
 * probabilities of each list sum to 1.
 * @throws TraceLimitError if there are too many
 */
export const casesOf = <T extends Conditional>(ways: readonly T[]): (readonly T[])[] => {
  const cases: (readonly T[])[] = [];
  const split = (some: readonly T[], decided: ReadonlySet<string>): void => {
    const open = some.flatMap(({ conditions }) => conditions).find(({ key }) => !decided.has(key));
    if (!open) {
      cases.push(some);
      if (cases.length > mostCases) throw new TraceLimitError(`a packet has more than ${mostCases} cases by limits`);
      return;
    }
    for (const holds of [true, false])
      split(
        some.filter(({ conditions }) => conditions.every((each) => each.key !== open.key || each.holds === holds)),
        new Set([...decided, open.key]),
      );
  };
  split(ways, new Set());
  return cases;
};
