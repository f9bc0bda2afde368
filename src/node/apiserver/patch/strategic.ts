// Strategic merge patch: a merge patch that merges lists item by item where the schema names a merge key.
import { isDeepStrictEqual } from 'node:util';
import { type FieldType, fieldOf, type Shape, shapeOf } from '../../../api/field-types.ts';
import { type Fields, isRecord } from '../schema/record.ts';
import { PatchError } from './json.ts';

/** Returns a patched copy. @param token the document's type, e.g. `core.v1.Pod`. @throws PatchError */
export const applyStrategicPatch = (token: string, document: unknown, patch: unknown): unknown => {
  if (!isRecord(patch)) throw new PatchError('cannot unmarshal a strategic merge patch: it must be an object');
  checkDirectives(patch);
  return mergeRecord(shapeOf(token), isRecord(document) ? document : {}, patch);
};

const directive = /^\$(patch|retainKeys)$|^\$(deleteFromPrimitiveList|setElementOrder)\//;

const patchTypes: readonly unknown[] = ['merge', 'replace', 'delete'];

/** A directive that nobody knows would otherwise have no effect. @throws PatchError */
const checkDirectives = (patch: unknown): void => {
  if (Array.isArray(patch)) for (const item of patch) checkDirectives(item);
  if (!isRecord(patch)) return;
  for (const [key, value] of Object.entries(patch)) {
    if (key === '$patch' && !patchTypes.includes(value))
      throw new PatchError(`unknown patch type found: ${JSON.stringify(value)}`);
    if (directive.test(key) && key !== '$patch' && !Array.isArray(value))
      throw new PatchError(`the directive ${key} must be a list`);
    checkDirectives(value);
  }
};

const mergeRecord = (shape: Shape, document: Fields, patch: Fields): Fields => {
  if (patch.$patch === 'replace') return stripDirectives(patch) as Fields;
  if (patch.$patch === 'delete') return {};
  const result: Fields = { ...document };
  const retained = patch.$retainKeys;
  if (Array.isArray(retained)) for (const key of Object.keys(result)) if (!retained.includes(key)) delete result[key];
  for (const [key, value] of Object.entries(patch)) {
    if (directive.test(key)) continue;
    if (value === null) delete result[key];
    else result[key] = mergeField(shape, key, result[key], value);
  }
  applyListDirectives(shape, result, patch);
  return result;
};

const mergeField = (shape: Shape, key: string, current: unknown, value: unknown): unknown => {
  const field = shape.is === 'map' ? undefined : fieldOf(shape, key);
  const inner = shapeOf(field?.token ?? (shape.is === 'map' ? shape.item : 'any'));
  if (isRecord(value)) return mergeRecord(inner, isRecord(current) ? current : {}, value);
  if (Array.isArray(value) && field?.merge?.strategies.includes('merge'))
    return mergeList(inner, field, Array.isArray(current) ? current : [], value);
  return stripDirectives(value);
};

const mergeList = (
  shape: Shape,
  field: FieldType,
  current: readonly unknown[],
  patch: readonly unknown[],
): unknown[] => {
  const key = field.merge?.key;
  const item = shapeOf(shape.is === 'list' ? shape.item : 'any');
  if (patch.some((entry) => isRecord(entry) && entry.$patch === 'replace' && Object.keys(entry).length === 1))
    return patch.filter((entry) => !(isRecord(entry) && entry.$patch === 'replace')).map(stripDirectives);
  if (key === undefined) {
    const added = patch.filter((entry) => !current.some((known) => isDeepStrictEqual(known, entry)));
    return [...current, ...added];
  }
  let result = [...current];
  for (const entry of patch) {
    if (!isRecord(entry))
      throw new PatchError(`expected an object with the merge key ${key}, found ${JSON.stringify(entry)}`);
    if (entry[key] === undefined && entry.$patch === undefined)
      throw new PatchError(`map: ${JSON.stringify(entry)} does not contain declared merge key: ${key}`);
    const index = result.findIndex((known) => isRecord(known) && known[key] === entry[key]);
    if (entry.$patch === 'delete') result = result.filter((known) => !(isRecord(known) && known[key] === entry[key]));
    else if (index < 0) result.push(mergeRecord(item, {}, entry));
    else result[index] = mergeRecord(item, result[index] as Fields, entry);
  }
  return result;
};

/** `$deleteFromPrimitiveList/finalizers` and `$setElementOrder/ports`. */
const applyListDirectives = (shape: Shape, result: Fields, patch: Fields): void => {
  for (const [name, value] of Object.entries(patch)) {
    const match = /^\$(deleteFromPrimitiveList|setElementOrder)\/(.+)$/.exec(name);
    const [, what, key = ''] = match ?? [];
    const list = result[key];
    if (!match || !Array.isArray(value) || !Array.isArray(list)) continue;
    if (what === 'deleteFromPrimitiveList') result[key] = list.filter((entry) => !value.includes(entry));
    else result[key] = inOrder(list, value, fieldOf(shape, key)?.merge?.key);
  }
};

/** Sorts the items that `order` names. Every other item stays behind the item that it followed. */
const inOrder = (list: readonly unknown[], order: readonly unknown[], key: string | undefined): unknown[] => {
  const identity = (entry: unknown): unknown => (key !== undefined && isRecord(entry) ? entry[key] : entry);
  const rank = new Map(order.map((entry, index) => [identity(entry), index]));
  let last = -1;
  return list
    .map((entry) => {
      const own = rank.get(identity(entry));
      if (own !== undefined) last = own;
      return { entry, at: own ?? last + 0.5 };
    })
    .sort((a, b) => a.at - b.at)
    .map(({ entry }) => entry);
};

/** Removes directives from added values: they must not reach the store. */
const stripDirectives = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(stripDirectives);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, entry]) => !directive.test(key) && entry !== null)
      .map(([key, entry]) => [key, stripDirectives(entry)]),
  );
};
