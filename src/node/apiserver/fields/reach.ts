// Which types and fields the table must have: all that an object of the API can reach through honoured fields.
import { parseField, type Shape, shapeOf } from '../../../api/field-types.ts';
import type { FieldTable } from './support.ts';

/** `[]core.v1.Container` → `core.v1.Container`. Undefined when no struct is inside. */
export const structOf = (token: string): (Shape & { is: 'struct' }) | undefined => {
  const shape = shapeOf(token);
  if (shape.is === 'struct') return shape;
  return shape.is === 'scalar' ? undefined : structOf(shape.item);
};

/** The names of a struct's fields in JSON. Fields with `~` exist only in protobuf. */
export const fieldNames = (shape: Shape & { is: 'struct' }): string[] =>
  Object.keys(shape.fields).filter((name) => !name.startsWith('~'));

/** @returns the types that the table must have: `roots` and, recursively, the types of honoured and unknown fields */
export const reachableTypes = (table: FieldTable, roots: readonly string[]): string[] => {
  const found = new Set<string>();
  const queue = [...roots];
  for (let token = queue.pop(); token !== undefined; token = queue.pop()) {
    const shape = structOf(token);
    if (!shape || found.has(shape.name)) continue;
    found.add(shape.name);
    for (const name of fieldNames(shape)) {
      const support = table[shape.name]?.[name];
      if (support === undefined || support.is === 'honoured') queue.push(parseField(shape.fields[name] ?? '').token);
    }
  }
  return [...found].sort();
};
