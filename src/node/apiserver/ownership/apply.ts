// Server-side apply: merges a configuration into the stored object. A field that its manager stops applying is removed.
// A field that another manager owns with another value is a conflict, unless the request forces it.
import { isDeepStrictEqual } from 'node:util';
import { typeOf } from '../../../api/field-types.ts';
import type { KubeObject } from '../../../api/meta.ts';
import { apiVersionOf, type Resource } from '../../../api/resources.ts';
import { StatusError } from '../status.ts';
import { ambiguities } from './ambiguities.ts';
import { changed, compare, fieldsIn } from './compare.ts';
import { emptySet, type FieldSet, intersection, isEmpty, pathsOf, union, without } from './field-set.ts';
import {
  disown,
  isSame,
  type Manager,
  type Owned,
  ownable,
  readManagers,
  withFields,
  writeManagers,
} from './managers.ts';
import { mergeApplied, prune } from './merge.ts';
import { rootPlace } from './structure.ts';

type Type = Pick<Resource, 'group' | 'version' | 'kind'>;

export interface Apply {
  readonly resource: Type;
  readonly manager: Manager;
  readonly force: boolean;
  /** The status is written through a subresource only. */
  readonly hasStatus: boolean;
}

/** The object after the apply. It is `current` itself when the apply changes nothing. @throws StatusError 409 */
export const applyConfiguration = (
  { resource, manager, force, hasStatus }: Apply,
  current: KubeObject | undefined,
  wanted: KubeObject,
): KubeObject => {
  const place = rootPlace(typeOf(resource));
  const configuration = configurationOf(wanted, manager, hasStatus);
  refuseAmbiguous(resource, configuration);
  const managers = current ? managersBefore(resource, current) : [];
  const mine = managers.find((owned) => isSame(owned, manager));
  const others = managers.filter((owned) => owned !== mine);
  const applied = fieldsIn(place, configuration);
  const owned = others.reduce((sum, { fields }) => union(sum, fields), applied);
  const merged = mergeApplied(place, current, configuration);
  const next = prune(place, merged, mine?.fields ?? emptySet, owned) as KubeObject;
  const comparison = compare(place, current ?? {}, next);
  if (!force) refuseConflicts(others, ownable(changed(comparison)));
  const entries = writeManagers([...disown(others, comparison), withFields(manager, mine, ownable(applied))]);
  const result = { ...next, metadata: { ...next.metadata, managedFields: entries } };
  return current && isDeepStrictEqual(result, current) ? current : result;
};

/** A subresource takes only the status, and the resource everything else. */
const configurationOf = (wanted: KubeObject, { subresource }: Manager, hasStatus: boolean): KubeObject => {
  const { managedFields: _managedFields, resourceVersion: _version, ...metadata } = wanted.metadata;
  const { status, ...rest } = wanted as KubeObject & { status?: unknown };
  if (subresource === 'status') {
    const { name, namespace } = metadata;
    const { apiVersion, kind } = rest;
    return { apiVersion, kind, metadata: { name, namespace }, status } as KubeObject;
  }
  return { ...rest, metadata, ...(hasStatus || status === undefined ? {} : { status }) };
};

/** Items of a list are told apart by their keys. @throws StatusError when the keys are missing or not unique */
const refuseAmbiguous = (resource: Type, configuration: KubeObject): void => {
  const problems = ambiguities(rootPlace(typeOf(resource)), configuration, '');
  if (problems.length === 0) return;
  const { name, namespace = '' } = configuration.metadata;
  const what = `${namespace}/${name}; ${apiVersionOf(resource)}, Kind=${resource.kind}`;
  const list = problems.map((problem) => `  ${problem}`).join('\n');
  throw new StatusError(500, '', `failed to create typed patch object (${what}): errors:\n${list}`);
};

/** An object that nobody owned a field of gets an owner for what it had before the first apply. */
const managersBefore = (resource: Type, current: KubeObject): Owned[] => {
  const managers = readManagers(current);
  if (managers.length > 0) return managers;
  const fields = ownable(without(fieldsIn(rootPlace(typeOf(resource)), current), ['f:status']));
  const apiVersion = apiVersionOf(resource);
  return [
    { name: 'before-first-apply', operation: 'Update', apiVersion, subresource: undefined, time: undefined, fields },
  ];
};

interface Conflict {
  readonly manager: Owned;
  readonly paths: readonly string[];
}

const refuseConflicts = (others: readonly Owned[], fields: FieldSet): void => {
  const conflicts = others
    .map((manager) => ({ manager, set: intersection(manager.fields, fields) }))
    .filter(({ set }) => !isEmpty(set))
    .map(({ manager, set }): Conflict => ({ manager, paths: pathsOf(set) }));
  if (conflicts.length === 0) return;
  const causes = conflicts.flatMap(({ manager, paths }) =>
    paths.map((field) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${describe(manager)}`,
      field,
    })),
  );
  throw new StatusError(409, 'Conflict', messageOf(conflicts, causes.length), { causes });
};

const messageOf = (conflicts: readonly Conflict[], count: number): string => {
  const [first] = conflicts;
  if (first && count === 1)
    return `Apply failed with 1 conflict: conflict with ${describe(first.manager)}: ${first.paths[0]}`;
  const lines = conflicts.flatMap(({ manager, paths }) => [
    `conflicts with ${describe(manager)}:`,
    ...paths.map((path) => `- ${path}`),
  ]);
  return `Apply failed with ${count} conflicts: ${lines.join('\n')}`;
};

/** As the original names a manager: `"kubectl" with subresource "scale" using apps/v1`. */
const describe = ({ name, operation, apiVersion, subresource }: Owned): string => {
  const part = subresource === undefined ? '' : ` with subresource ${JSON.stringify(subresource)}`;
  const named = `${JSON.stringify(name)}${part}`;
  return operation === 'Update' ? `${named} using ${apiVersion}` : named;
};
