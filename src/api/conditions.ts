// Questions about the conditions in the status of an object.
import type { Condition } from './meta.ts';

/** Whether there is a condition of this type, with the status True. */
export const isConditionTrue = (
  conditions: readonly Pick<Condition, 'type' | 'status'>[] | undefined,
  type: string,
): boolean => conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
