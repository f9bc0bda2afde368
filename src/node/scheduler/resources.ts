// The amounts that count for a node's load.
import type { Amounts } from '../../api/requests.ts';

/** The amounts that count for the load. A pod without requests gets a default ("non-zero requests" in the original). */
export const weightOf = (requests: Amounts): { readonly cpu: number; readonly memory: number } => ({
  cpu: requests.get('cpu') || 100,
  memory: requests.get('memory') || 200 * 2 ** 20,
});
