// Compares two plans or specifications, and describes the differences for a user. Works on any plain data. Pure.

export interface Difference {
  /** e.g. `nodes.2.name` */
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Every leaf that differs or exists on one side only. */
export const differences = (before: unknown, after: unknown): readonly Difference[] => {
  const [old, current] = [flatten(before), flatten(after)];
  return [...new Set([...old.keys(), ...current.keys()])]
    .filter((path) => old.get(path) !== current.get(path))
    .map((path) => ({
      path,
      ...(old.has(path) ? { before: old.get(path) } : {}),
      ...(current.has(path) ? { after: current.get(path) } : {}),
    }));
};

/** `podNetwork: routes → vxlan`, one line each. */
export const describeDifferences = (all: readonly Difference[]): readonly string[] =>
  all.map(({ path, before, after }) => `${path}: ${before ?? '(nothing)'} → ${after ?? '(nothing)'}`);

const flatten = (value: unknown, path: readonly string[] = []): ReadonlyMap<string, unknown> => {
  if (typeof value !== 'object' || value === null) return new Map([[path.join('.'), value]]);
  return new Map(Object.entries(value).flatMap(([key, part]) => [...flatten(part, [...path, key])]));
};
