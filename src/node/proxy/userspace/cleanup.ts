// Removes the chains of userspace mode, of both families, and the rules that lead to them.
import type { CleanUpOptions } from '../backend.ts';
import type { Existing } from '../xtables/existing.ts';
import { planRemoval, removeRules } from '../xtables/removal.ts';
import { chain, isOurChain } from './names.ts';

export const cleanUpUserspace = (options: CleanUpOptions): Promise<void> =>
  removeRules({ mode: 'userspace', plan: planCleanup, mark: chain.portalsContainer }, options);

const planCleanup = (existing: Existing): string | undefined =>
  planRemoval(existing, { isOurs: (_table, name) => isOurChain(name) });
