// One service port with its endpoints → its rules. Pure; the shape is the original kube-proxy's (v1.36).
//
//   KUBE-SERVICES ─ cluster IP ──────────────────────────────▶ KUBE-SVC ─┬─▶ KUBE-SEP ─ DNAT
//                 ─ external IP ─────────────────▶ KUBE-EXT ─▶ (or SVL)  └─▶ KUBE-SEP ─ DNAT
//                 ─ load balancer IP ─▶ KUBE-FW ─▶    ▲
//   KUBE-NODEPORTS ───────────────────────────────────┘

import type { ProxyEndpoint, ServicePort } from '../types.ts';
import { categorize } from '../view/categorize.ts';
import { buildChains } from './build-chains.ts';
import { buildShared, type SharedRule } from './build-shared.ts';
import { type BuildOptions, contextOf } from './port-context.ts';

/** All rules of one service port. */
export interface PortRules {
  /** Chains of its own in table nat, with their rules. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  /** What leads to them, and what rejects or drops, in chains that it shares with others. */
  readonly shared: readonly SharedRule[];
}

export const buildPort = (port: ServicePort, endpoints: readonly ProxyEndpoint[], options: BuildOptions): PortRules => {
  const context = contextOf(port, categorize(port, endpoints, options.node), options);
  return { chains: new Map(buildChains(context)), shared: buildShared(context) };
};
