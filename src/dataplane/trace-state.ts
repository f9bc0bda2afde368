// A packet at one moment on its path through the hooks. A state is never changed in place, because paths split.
import type { ConntrackState } from './model.ts';
import type { Flow, Step } from './packet.ts';

/** A step with all steps before it. */
export interface Link {
  readonly step: Step;
  readonly before: Link | undefined;
}

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
  /** The last step. A list of links, because paths split and can be long. */
  readonly path: Link | undefined;
  readonly unsure: readonly string[];
  readonly end: { readonly fate: 'dropped' | 'rejected' | 'unknown'; readonly rejectWith?: string } | undefined;
}

/** The steps, first one first. */
export const stepsOf = (last: Link | undefined): Step[] => {
  const steps: Step[] = [];
  for (let link = last; link; link = link.before) steps.push(link.step);
  return steps.reverse();
};
