// Who owns which fields of an object: the entries of metadata.managedFields.
import type { KubeObject } from '../../../api/meta.ts';
import { apiVersionOf, type Resource } from '../../../api/resources.ts';
import { timestamp } from '../../../api/time.ts';
import { type Comparison, changed } from './compare.ts';
import {
  contains,
  difference,
  emptySet,
  type FieldSet,
  type FieldsV1,
  formatFields,
  isEmpty,
  isEqual,
  overlaps,
  parseFields,
  union,
  without,
} from './field-set.ts';

/** Who writes an object. */
export interface Manager {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string | undefined;
}

export interface Owned extends Manager {
  readonly time: string | undefined;
  readonly fields: FieldSet;
  /** As stored, while nothing has changed. */
  readonly entry?: Entry;
}

/** An entry of managedFields. */
export interface Entry {
  manager?: string;
  operation?: string;
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: FieldsV1;
  subresource?: string;
}

export const managerFor = (
  resource: Resource,
  { name, operation, subresource }: Omit<Manager, 'apiVersion'>,
): Manager => ({ name, operation, apiVersion: apiVersionOf(resource), subresource });

export const isSame = (a: Manager, b: Manager): boolean =>
  a.name === b.name &&
  a.operation === b.operation &&
  a.subresource === b.subresource &&
  (a.operation === 'Apply' || a.apiVersion === b.apiVersion);

/** Parsed entries. A write keeps most entries, which never change, and parsing them takes longer than the write. */
const known = new WeakMap<Entry, Owned>();

export const readManagers = ({ metadata }: KubeObject): Owned[] =>
  ((metadata.managedFields ?? []) as Entry[]).map((entry) => {
    const owned = known.get(entry) ?? parseEntry(entry);
    known.set(entry, owned);
    return owned;
  });

const parseEntry = (entry: Entry): Owned => {
  const { manager = '', operation, apiVersion = '', time, fieldsV1 = {}, subresource } = entry;
  return {
    name: manager,
    operation: operation === 'Apply' ? 'Apply' : 'Update',
    apiVersion,
    subresource: subresource || undefined,
    time,
    fields: ownable(parseFields(fieldsV1)),
    entry,
  };
};

/** Fields that the server sets and nobody owns. */
const serverFields = [
  ['f:apiVersion'],
  ['f:kind'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => ['f:metadata', `f:${name}`]),
];

export const ownable = (fields: FieldSet): FieldSet => {
  const set = serverFields.reduce(without, fields);
  const metadata = set.steps.get('f:metadata');
  return metadata?.self ? { ...set, steps: new Map(set.steps).set('f:metadata', { ...metadata, self: false }) } : set;
};

/** Sorted as the original sorts them: who applies comes first, then the older ones. */
export const writeManagers = (managers: readonly Owned[]): Entry[] =>
  capped(managers.filter(({ fields }) => !isEmpty(fields)))
    .sort((a, b) => compareText(orderOf(a), orderOf(b)))
    .map((owned) => owned.entry ?? newEntry(owned));

const newEntry = (owned: Owned): Entry => {
  const entry = entryOf(owned);
  known.set(entry, { ...owned, entry });
  return entry;
};

const entryOf = ({ name, operation, apiVersion, time, fields, subresource }: Owned): Entry => ({
  manager: name,
  operation,
  apiVersion,
  ...(time === undefined ? {} : { time }),
  fieldsType: 'FieldsV1',
  fieldsV1: formatFields(fields),
  ...(subresource === undefined ? {} : { subresource }),
});

const orderOf = ({ operation, time = '', name, apiVersion, subresource = '' }: Owned): string =>
  [operation, time, name, apiVersion, subresource].join('\n');
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const maxUpdaters = 10;

/** Joins the oldest updaters, so that the list does not grow with each new client. */
const capped = (managers: readonly Owned[]): Owned[] => {
  const updaters = managers.filter(({ operation }) => operation === 'Update');
  const excess = updaters.length - maxUpdaters;
  if (excess <= 0) return [...managers];
  const oldest = updaters.sort((a, b) => compareText(orderOf(a), orderOf(b))).slice(0, excess + 1);
  const fields = oldest.reduce((sum, one) => union(sum, one.fields), emptySet);
  const { entry: _entry, ...newest } = oldest.at(-1) as Owned;
  const joined: Owned = { ...newest, name: 'ancient-changes', subresource: undefined, fields };
  return [...managers.filter((one) => !oldest.includes(one)), joined];
};

/** Other managers lose what changed and what is gone. */
export const disown = (others: readonly Owned[], comparison: Comparison): Owned[] => {
  const lost = union(changed(comparison), comparison.removed);
  return others.map((owned) => {
    if (!overlaps(owned.fields, lost)) return owned;
    const { entry: _entry, ...rest } = owned;
    return { ...rest, fields: difference(owned.fields, lost) };
  });
};

/** What the manager owns after it has changed an object. The same entry if it owned all of that before. */
export const withChange = (manager: Manager, before: Owned | undefined, comparison: Comparison): Owned => {
  const { added, modified, removed } = comparison;
  const had = before?.fields ?? emptySet;
  if (before && contains(had, added) && contains(had, modified) && !overlaps(had, removed)) return before;
  return withFields(manager, before, ownable(union(difference(had, removed), changed(comparison))));
};

/** The entry with its new fields. The time moves only when the fields change. */
export const withFields = (manager: Manager, before: Owned | undefined, fields: FieldSet): Owned =>
  before && isEqual(before.fields, fields) ? before : { ...manager, fields, time: timestamp() };
