// What comes out of the model of a cluster: the ways that a packet can take.
import type { Branch, Condition, Entry, Headers, NodeEnd, NodeStep } from '../node/packet.ts';
import type { Machine } from './model.ts';

/** What happens to the packet in one machine. */
export interface Hop {
  readonly machine: string;
  readonly kind: Machine['kind'];
  readonly entry: Entry;
  /** The packet as it comes into the machine. `source` is empty if the kernel chooses it. */
  readonly before: Headers;
  /** In order: rules that matched, routing decisions, NAT, connections. */
  readonly steps: readonly NodeStep[];
  /** The packet as it leaves the machine, or as it ends there. */
  readonly after: Headers;
  readonly end: NodeEnd;
  readonly connection: Branch['connection'];
  readonly remembered?: Branch['remembered'];
  /** How it comes to the next hop. */
  readonly next: Passage | undefined;
}

/** The way from one machine to the next, below IP. */
export interface Passage {
  readonly machine: string;
  /** The interface by which it arrives. */
  readonly link: string;
  /**
   * Bridges and tunnels on the way: `bridge lab0 of fabric`, `VXLAN to 192.168.56.12`, and `loss 5%` where the lab
   * makes a link lose packets. The probabilities of the ways are those of the packets that arrive.
   */
  readonly through: readonly string[];
  /** The hops of the packet that carries it through a tunnel. */
  readonly tunnel: readonly Hop[] | undefined;
}

/** Why a packet is dropped by a link of the lab that loses all of them. */
export const linkLoss = 'the lab gives this link a loss of 100%';

export type WayEnd =
  | {
      readonly kind: 'delivered';
      readonly machine: string;
      /** Whether a pod's own stack or a host's takes it. */
      readonly to: 'pod' | 'host';
      readonly address: string;
      readonly port: number | undefined;
      readonly listening: boolean | undefined;
    }
  | { readonly kind: 'dropped'; readonly machine: string; readonly by: string; readonly step: NodeStep | undefined }
  | {
      readonly kind: 'rejected';
      readonly machine: string;
      readonly with: string;
      readonly by: string;
      readonly step: NodeStep | undefined;
    }
  | { readonly kind: 'unroutable'; readonly machine: string; readonly by: string }
  /** The packet comes to a place where it was before, unchanged. */
  | { readonly kind: 'loop'; readonly machine: string }
  | { readonly kind: 'unknown'; readonly machine: string; readonly reasons: readonly string[] };

/** One way that the packet can take. */
export interface Way {
  readonly hops: readonly Hop[];
  readonly end: WayEnd;
  /** The packet that the receiver sees; where it ends, if nobody receives it. */
  readonly headers: Headers;
  /** As in `Branch`. */
  readonly probability: number;
  /** The packet goes this way only while all of them are so. Empty: always. */
  readonly conditions: readonly Condition[];
  /** Whether NAT may have changed the source port to any free one. */
  readonly randomPort: boolean;
}
