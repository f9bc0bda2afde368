// What a proxy mode brings: a way from service ports and endpoints into the kernel. One per address family, below `Proxier`.
import type { Logger } from '../../kit/logger.ts';
import type { ProxyConfig } from './config/config.ts';
import type { IpFamily, NodeView, PortKey, ServiceView } from './types.ts';

/** What a sync has to bring into the kernel. */
export interface Update {
  readonly view: ServiceView;
  /** Service ports whose port or endpoints differ since the last update, gone ones included. */
  readonly changed: ReadonlySet<PortKey>;
  /** Nobody knows what is in the kernel: everything must be looked at and written. */
  readonly full: boolean;
  /** The node is another one: everything must be computed anew, and what differs written. */
  readonly nodeChanged: boolean;
}

export interface Written {
  /** Everything was written from scratch, asked for or not. */
  readonly full: boolean;
  /** Rules of iptables sent to the kernel, in the modes that use it. */
  readonly rules: RuleCounts;
}

export interface RuleCounts {
  readonly nat: number;
  readonly filter: number;
}

export const noRules: RuleCounts = { nat: 0, filter: 0 };

/** How often something failed, for the metrics of the program that writes the rules. */
export type Failures =
  | {
      readonly of: 'iptables';
      readonly restore: number;
      /** Of those, restores of what had changed alone. */
      readonly partialRestore: number;
    }
  | {
      readonly of: 'nftables';
      readonly sync: number;
      /** Something unused stayed in the kernel. */
      readonly cleanup: number;
    };

export interface Backend {
  /**
   * Brings the kernel up to date; in between, each service's packets go to its old or its new endpoints.
   * @throws what the kernel or a tool said. What is in the kernel is then unknown: the caller's next update is a full one.
   */
  write(update: Update, signal: AbortSignal): Promise<Written>;
  /**
   * Whether somebody took away something of ours (a flush of the firewall, say) that a full update brings back. Asked between updates,
   * never during one: each second if that is cheap, less often if it takes long.
   */
  damaged(signal: AbortSignal): Promise<boolean>;
  /** Rules of iptables that are ours now, for metrics. */
  countRules(): RuleCounts;
  /** In the modes that have metrics of it. */
  readonly failures?: Failures;
  /** Frees what must not outlive the process, such as listeners. Rules stay: a restart must not interrupt anybody. */
  close(): void;
}

/** The program whose rules a mode writes, for logs. */
export const packetFilterOf = (mode: ProxyConfig['mode']): 'iptables' | 'nftables' =>
  mode === 'nftables' ? 'nftables' : 'iptables';

/** What every mode is made from. */
export interface ModeContext {
  readonly config: ProxyConfig;
  readonly log: Logger;
  /** As known now: the Node object changes. */
  readonly node: () => NodeView;
  readonly signal: AbortSignal;
}

/** A proxy mode that works on this machine. */
export interface Mode {
  /** What `/proxyMode` says. */
  readonly name: ProxyConfig['mode'];
  /** Address families that can be programmed here, the primary one first. */
  readonly families: readonly IpFamily[];
  createBackend(family: IpFamily): Backend;
}

/** What a mode's clean-up is told. */
export interface CleanUpOptions {
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** The mode that runs now: what it has in common with the mode that is cleaned up stays. Absent: everything goes. */
  readonly running?: ProxyConfig['mode'];
}
