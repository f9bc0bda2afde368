// JSON Patch (RFC 6902).
import { isDeepStrictEqual } from 'node:util';

/** The patch can't be parsed, or does not fit the document. */
export class PatchError extends Error {
  override readonly name = 'PatchError';
}

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}
type Container = Record<string, unknown> | unknown[];

/** Returns a patched copy. @throws PatchError */
export const applyJsonPatch = (document: unknown, patch: unknown): unknown => {
  if (!Array.isArray(patch)) throw new PatchError('cannot unmarshal a JSON patch: it must be a list of operations');
  const root = { '': structuredClone(document) };
  for (const operation of patch as Operation[]) applyOperation(root, operation);
  return root[''];
};

const applyOperation = (root: Container, { op, path, from, value }: Operation): void => {
  switch (op) {
    case 'add':
      add(root, path, structuredClone(value));
      break;
    case 'remove':
      remove(root, path);
      break;
    case 'replace':
      remove(root, path);
      add(root, path, structuredClone(value));
      break;
    case 'move':
      add(root, path, remove(root, from ?? ''));
      break;
    case 'copy':
      add(root, path, structuredClone(read(root, from ?? '')));
      break;
    case 'test':
      if (!isDeepStrictEqual(read(root, path), value))
        throw new PatchError(`testing value ${path} failed: test failed`);
      break;
    default:
      throw new PatchError(`Unexpected kind: ${op}`);
  }
};

const partsOf = (path: string): string[] =>
  path.split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

const parentOf = (root: Container, path: string): { parent: Container; key: string } => {
  const parts = path === '' ? [''] : partsOf(path);
  const key = parts.pop() ?? '';
  let parent: unknown = root;
  for (const part of parts) parent = childOf(parent, part, path);
  if (typeof parent !== 'object' || parent === null) throw missingPath(path);
  return { parent: parent as Container, key };
};

const childOf = (parent: unknown, key: string, path: string): unknown => {
  if (typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, key)) throw missingPath(path);
  return (parent as Record<string, unknown>)[key];
};

const missingPath = (path: string): PatchError => new PatchError(`the path "${path}" does not exist: missing value`);

const read = (root: Container, path: string): unknown => {
  const { parent, key } = parentOf(root, path);
  return childOf(parent, key, path);
};

const add = (root: Container, path: string, value: unknown): void => {
  const { parent, key } = parentOf(root, path);
  if (!Array.isArray(parent)) {
    if (key === '__proto__') throw missingPath(path);
    parent[key] = value;
    return;
  }
  const index = key === '-' ? parent.length : Number(key);
  if (!Number.isInteger(index) || index < 0 || index > parent.length) throw missingPath(path);
  parent.splice(index, 0, value);
};

const remove = (root: Container, path: string): unknown => {
  const { parent, key } = parentOf(root, path);
  const value = childOf(parent, key, path);
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
  return value;
};
