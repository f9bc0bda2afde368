// What a proxy mode must provide: a backend that writes service ports and endpoints to the kernel. `Proxier` calls it.
import type { Logger } from '../../kit/logger.ts';
import type { ProxyConfig } from './config/config.ts';
import type { IpFamily, NodeView, PortKey, ServiceView } from './types.ts';

/** What a sync must write to the kernel. */
export interface Update {
  readonly view: ServiceView;
  /** Service ports that changed since the last update, by themselves or in their endpoints. Includes deleted ones. */
  readonly changed: ReadonlySet<PortKey>;
  /** What is in the kernel is unknown: read it, and write everything. */
  readonly full: boolean;
  /** The node's data changed: compute everything again, and write what differs. */
  readonly nodeChanged: boolean;
}

export interface Written {
  /** Whether everything was written, even if the update did not ask for it. */
  readonly full: boolean;
  /** Number of iptables rules sent to the kernel, in the modes that use iptables. */
  readonly rules: RuleCounts;
}

export interface RuleCounts {
  readonly nat: number;
  readonly filter: number;
}

export const noRules: RuleCounts = { nat: 0, filter: 0 };

/** Number of failures, for the metrics of the program that writes the rules. */
export type Failures =
  | {
      readonly of: 'iptables';
      readonly restore: number;
      /** Those of `restore` in which only changes were to be written. */
      readonly partialRestore: number;
    }
  | {
      readonly of: 'nftables';
      readonly sync: number;
      /** Unused chains or sets that could not be removed. */
      readonly cleanup: number;
    };

export interface Backend {
  /**
   * Writes an update to the kernel. Meanwhile, packets to a service reach its old endpoints or its new ones.
   * @throws the error of the kernel or of a tool. The next update must then be full, because what is in the kernel is
   *   unknown.
   */
  write(update: Update, signal: AbortSignal): Promise<Written>;
  /**
   * Whether something is missing from the kernel, for example because somebody flushed the firewall. A full update
   * repairs it. The loop never runs this and `write` at the same time. It asks every two seconds, or less often if the
   * check takes long (`damage-pace.ts`).
   */
  damaged(signal: AbortSignal): Promise<boolean>;
  /** As `damaged`, for what takes longer with each service. It has a pace of its own, and is asked after `damaged`. */
  damagedInside?(signal: AbortSignal): Promise<boolean>;
  /** Number of kube-proxy's iptables rules in the kernel, for metrics. */
  countRules(): RuleCounts;
  /** Only in modes that have metrics of failures. */
  readonly failures?: Failures;
  /** Closes sockets and tools. Rules stay in the kernel, so that a restart interrupts no connection. */
  close(): void;
}

/** What a mode writes its rules to, for logs. */
export const packetFilterOf = (mode: ProxyConfig['mode']): 'iptables' | 'nftables' | 'ipvs' =>
  mode === 'userspace' ? 'iptables' : mode;

/** What a mode is created from. */
export interface ModeContext {
  readonly config: ProxyConfig;
  readonly log: Logger;
  /** The node as it is known now. */
  readonly node: () => NodeView;
  readonly signal: AbortSignal;
}

/** A proxy mode that works on this machine. */
export interface Mode {
  /** The answer of `/proxyMode`. */
  readonly name: ProxyConfig['mode'];
  /** Address families that this machine can filter, the primary one first. */
  readonly families: readonly IpFamily[];
  createBackend(family: IpFamily): Backend;
}

/** Options of a mode's clean-up. */
export interface CleanUpOptions {
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** The mode that runs now. What it shares with the removed mode stays. Absent: everything is removed. */
  readonly running?: ProxyConfig['mode'];
}
