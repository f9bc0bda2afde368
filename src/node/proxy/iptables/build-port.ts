// One service port with its endpoints → its rules. Pure. The rules are those of the original kube-proxy (v1.36).
//
//   KUBE-SERVICES ─ cluster IP ──────────────────────────────▶ KUBE-SVC ─┬─▶ KUBE-SEP ─ DNAT
//                 ─ external IP ─────────────────▶ KUBE-EXT ─▶ (or SVL)  └─▶ KUBE-SEP ─ DNAT
//                 ─ load balancer IP ─▶ KUBE-FW ─▶    ▲
//   KUBE-NODEPORTS ───────────────────────────────────┘

import type { ProxyEndpoint, ServicePort } from '../types.ts';
import { categorize } from '../view/categorize.ts';
import type { Rule } from '../xtables/rule.ts';
import { buildChains } from './build-chains.ts';
import { buildShared, type SharedRule } from './build-shared.ts';
import { type BuildOptions, contextOf } from './port-context.ts';

/** All rules of one service port. */
export interface PortRules {
  /** The service port's own chains in table nat, with their rules. */
  readonly chains: ReadonlyMap<string, readonly Rule[]>;
  /** Its rules in the chains of all services: jumps to its own chains, rejects and drops. */
  readonly shared: readonly SharedRule[];
}

export const buildPort = (port: ServicePort, endpoints: readonly ProxyEndpoint[], options: BuildOptions): PortRules => {
  const context = contextOf(port, categorize(port, endpoints, options.node), options);
  return { chains: new Map(buildChains(context)), shared: buildShared(context) };
};
