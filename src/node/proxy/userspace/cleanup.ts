// Takes out the chains of userspace mode, of both families, and the rules that lead to them.
import type { CleanUpOptions } from '../backend.ts';
import { removeRules } from '../iptables/removal.ts';
import { chain } from './names.ts';
import { planRemoval } from './plan.ts';

export const cleanUpUserspace = (options: CleanUpOptions): Promise<void> =>
  removeRules({ mode: 'userspace', plan: planRemoval, mark: chain.portalsContainer }, options);
