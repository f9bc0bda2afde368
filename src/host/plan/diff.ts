// What differs between two plans or specifications, as a user reads it. Works on any plain data. Pure.

export interface Difference {
  /** e.g. `nodes.2.name` */
  readonly what: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Every leaf that differs, is missing or is new. */
export const differences = (before: unknown, after: unknown): readonly Difference[] => {
  const [old, young] = [flatten(before), flatten(after)];
  return [...new Set([...old.keys(), ...young.keys()])]
    .filter((what) => old.get(what) !== young.get(what))
    .map((what) => ({
      what,
      ...(old.has(what) ? { before: old.get(what) } : {}),
      ...(young.has(what) ? { after: young.get(what) } : {}),
    }));
};

/** `podNetwork: routes → vxlan`, one line each. */
export const describeDifferences = (all: readonly Difference[]): readonly string[] =>
  all.map(({ what, before, after }) => `${what}: ${before ?? '(nothing)'} → ${after ?? '(nothing)'}`);

const flatten = (value: unknown, path: readonly string[] = []): ReadonlyMap<string, unknown> => {
  if (typeof value !== 'object' || value === null) return new Map([[path.join('.'), value]]);
  return new Map(Object.entries(value).flatMap(([key, part]) => [...flatten(part, [...path, key])]));
};
