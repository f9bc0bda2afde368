// The type of the whole configuration. `resolve.ts` makes its value from the command line and the config file.
import type { ProxyMode } from '../../../api/proxy-modes.ts';
import type { DetectLocalOptions } from '../local-detector.ts';

export interface ProxyConfig {
  readonly mode: ProxyMode;
  readonly nodeName: string;
  /** As configured. Empty means that the node has the machine's host name. */
  readonly hostnameOverride: string;
  readonly kubeconfig: string;
  readonly master: string;
  readonly bindAddress: string;
  readonly bindAddressHardFail: boolean;
  readonly healthzBindAddress: string;
  readonly metricsBindAddress: string;
  readonly detectLocal: DetectLocalOptions;
  readonly nodePortAddresses: readonly string[];
  readonly masqueradeAll: boolean;
  readonly masqueradeBit: number;
  readonly localhostNodePorts: boolean;
  readonly syncPeriodMs: number;
  /** Undefined: the pause adapts to the duration of syncs. */
  readonly minSyncPeriodMs: number | undefined;
  readonly conntrack: {
    readonly maxPerCore: number;
    readonly min: number;
    readonly tcpEstablishedMs: number;
    readonly tcpCloseWaitMs: number;
    readonly tcpBeLiberal: boolean;
    readonly udpMs: number;
    readonly udpStreamMs: number;
  };
  readonly ipvs: IpvsConfig;
  readonly userspace: UserspaceConfig;
  readonly oomScoreAdj: number;
  readonly verbosity: number;
  readonly logFormat: 'text' | 'json';
  /** Source file name → verbosity, for files with a verbosity of their own. */
  readonly vmodule: ReadonlyMap<string, number>;
}

export interface IpvsConfig {
  /** For example `rr`; empty means the kernel's default, which is `rr`. */
  readonly scheduler: string;
  /** Virtual servers in these networks belong to other programs and stay untouched. */
  readonly excludeCidrs: readonly string[];
  readonly strictArp: boolean;
  /** 0 keeps the kernel's timeout. */
  readonly tcpTimeoutMs: number;
  readonly tcpFinTimeoutMs: number;
  readonly udpTimeoutMs: number;
}

export interface UserspaceConfig {
  /** The range for the proxy's listening ports; undefined lets the kernel choose. */
  readonly portRange: { readonly from: number; readonly to: number } | undefined;
  /** Idle time after which a UDP flow's socket is closed. */
  readonly udpIdleMs: number;
}
