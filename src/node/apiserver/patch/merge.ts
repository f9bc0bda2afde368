// JSON Merge Patch (RFC 7396).
import { isRecord } from '../schema/record.ts';

/** Returns a patched copy: null removes a field, objects merge, every other value replaces. */
export const applyMergePatch = (document: unknown, patch: unknown): unknown => {
  if (!isRecord(patch)) return structuredClone(patch);
  const result: Record<string, unknown> = isRecord(document) ? { ...document } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = applyMergePatch(result[key], value);
  }
  return result;
};
