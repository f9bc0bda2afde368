// Whether a toleration covers a taint (core/v1 Toleration.ToleratesTaint).
import type { Taint } from './core.ts';
import type { Toleration } from './core-pods.ts';

/** An empty effect tolerates all effects; `Exists` without a key tolerates everything. */
export const tolerates = (toleration: Toleration, taint: Taint): boolean => {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  return toleration.key !== undefined && toleration.key !== '' && (toleration.value ?? '') === (taint.value ?? '');
};
