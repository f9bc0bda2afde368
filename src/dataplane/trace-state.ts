// One way of a packet through the hooks, at one moment. Never changed in place: ways branch.
import type { ConntrackState } from './model.ts';
import type { Flow, Step } from './packet.ts';

export interface Way extends Flow {
  readonly state: ConntrackState;
  readonly inInterface: string | undefined;
  readonly outInterface: string | undefined;
  readonly route: 'local' | 'forward';
  /** What conntrack knows to be rewritten, for `--ctstate DNAT` and `SNAT`. */
  readonly translated: { readonly source: boolean; readonly destination: boolean };
  readonly masquerade: boolean;
  /** Lists of `-m recent --set` that this packet was put on: `list address`. */
  readonly remembered: readonly string[];
  readonly probability: number;
  readonly path: readonly Step[];
  readonly unsure: readonly string[];
  readonly end: { readonly fate: 'dropped' | 'rejected'; readonly rejectWith?: string } | undefined;
}
