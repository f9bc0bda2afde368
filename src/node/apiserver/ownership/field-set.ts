// Sets of fields of an object, as managedFields stores them (metav1.FieldsV1).
//
// In JSON, a key is a step into the object: `f:name` is a field, `k:{"port":80}` is an item of a list with keys, and
// `v:"a"` is an item of a set. `.` says that the place itself is in the set; a place without further steps always is.

export interface FieldsV1 {
  readonly [step: string]: FieldsV1;
}

export interface FieldSet {
  /** The place itself is in the set. */
  readonly self: boolean;
  readonly steps: ReadonlyMap<string, FieldSet>;
}

export const emptySet: FieldSet = { self: false, steps: new Map() };
export const leaf: FieldSet = { self: true, steps: new Map() };

export const isEmpty = ({ self, steps }: FieldSet): boolean => !self && steps.size === 0;

/** Leaves out steps that lead to no field. */
export const fieldSet = (self: boolean, steps: Iterable<readonly [string, FieldSet]>): FieldSet => ({
  self,
  steps: new Map([...steps].filter(([, inner]) => !isEmpty(inner))),
});

/** @param root true for the object itself, which an empty set does not contain */
export const parseFields = (fields: FieldsV1, root = true): FieldSet => {
  const steps = Object.entries(fields).filter(([step]) => step !== '.');
  const self = '.' in fields || (!root && steps.length === 0);
  return fieldSet(
    self,
    steps.map(([step, inner]) => [step, parseFields(inner, false)]),
  );
};

export const formatFields = ({ self, steps }: FieldSet): FieldsV1 => {
  const inner = [...steps]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([step, set]) => [step, formatFields(set)] as const);
  return Object.fromEntries(self && inner.length > 0 ? [['.', {}], ...inner] : inner);
};

const combine = (a: FieldSet, b: FieldSet, rule: (inA: boolean, inB: boolean) => boolean): FieldSet => {
  const steps = new Set([...a.steps.keys(), ...b.steps.keys()]);
  return fieldSet(
    rule(a.self, b.self),
    [...steps].map((step) => [step, combine(a.steps.get(step) ?? emptySet, b.steps.get(step) ?? emptySet, rule)]),
  );
};

export const union = (a: FieldSet, b: FieldSet): FieldSet => combine(a, b, (inA, inB) => inA || inB);
export const intersection = (a: FieldSet, b: FieldSet): FieldSet => combine(a, b, (inA, inB) => inA && inB);
export const difference = (a: FieldSet, b: FieldSet): FieldSet => combine(a, b, (inA, inB) => inA && !inB);

/** Whether the sets share a field. */
export const overlaps = (a: FieldSet, b: FieldSet): boolean => {
  if (a.self && b.self) return true;
  for (const [step, inner] of b.steps) {
    const other = a.steps.get(step);
    if (other && overlaps(other, inner)) return true;
  }
  return false;
};

/** Whether every field of `part` is in `whole`. */
export const contains = (whole: FieldSet, part: FieldSet): boolean => {
  if (part.self && !whole.self) return false;
  for (const [step, inner] of part.steps) if (!contains(whole.steps.get(step) ?? emptySet, inner)) return false;
  return true;
};

export const isEqual = (a: FieldSet, b: FieldSet): boolean =>
  a === b ||
  (a.self === b.self &&
    a.steps.size === b.steps.size &&
    [...a.steps].every(([step, inner]) => isEqual(inner, b.steps.get(step) ?? emptySet)));

/** The set without a place and everything below it. */
export const without = (set: FieldSet, [step, ...rest]: readonly string[]): FieldSet => {
  const inner = step === undefined ? undefined : set.steps.get(step);
  if (step === undefined || inner === undefined) return set;
  const steps = new Map(set.steps);
  steps.set(step, rest.length === 0 ? emptySet : without(inner, rest));
  return fieldSet(set.self, steps);
};

/** The paths in messages: `.spec.ports[port=80,protocol="TCP"].name`. */
export const pathsOf = ({ self, steps }: FieldSet, path = ''): string[] => [
  ...(self ? [path] : []),
  ...[...steps]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([step, inner]) => pathsOf(inner, path + formatStep(step))),
];

export const formatStep = (step: string): string => {
  const text = step.slice(2);
  if (step.startsWith('f:')) return `.${text}`;
  if (step.startsWith('v:')) return `[=${text}]`;
  const keys = Object.entries(JSON.parse(text) as Record<string, unknown>);
  return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
};
