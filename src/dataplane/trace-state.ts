// A packet at one moment on its path through the hooks. A state is never changed in place, because paths split.
import type { ConntrackState } from './model.ts';
import type { Flow, Step } from './packet.ts';

export interface PacketState extends Flow {
  readonly state: ConntrackState;
  readonly inInterface: string | undefined;
  readonly outInterface: string | undefined;
  readonly route: 'local' | 'forward';
  /** Whether NAT changed an end of the connection, for `--ctstate DNAT` and `SNAT`. */
  readonly translated: { readonly source: boolean; readonly destination: boolean };
  readonly masquerade: boolean;
  /** Entries that `-m recent --set` made for this packet: `list address`. */
  readonly remembered: readonly string[];
  readonly probability: number;
  readonly path: readonly Step[];
  readonly unsure: readonly string[];
  readonly end: { readonly fate: 'dropped' | 'rejected'; readonly rejectWith?: string } | undefined;
}
