// What kube-proxy can be told: one value for whatever command line and config file said (config-resolve.ts).
import type { ProxyMode } from '../../../api/proxy-modes.ts';
import type { DetectLocalOptions } from '../local-detector.ts';

export interface ProxyConfig {
  readonly mode: ProxyMode;
  readonly nodeName: string;
  /** As configured; empty: the node bears the machine's name. */
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
  /** Undefined: adapts to how long syncs take. */
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
  /** Verbosity by the name of the source file, where it differs. */
  readonly vmodule: ReadonlyMap<string, number>;
}

export interface IpvsConfig {
  /** `rr` and so on; empty: the kernel's default, rr. */
  readonly scheduler: string;
  /** Virtual servers in these networks are another program's. */
  readonly excludeCidrs: readonly string[];
  readonly strictArp: boolean;
  /** 0 leaves the kernel's timeout as it is. */
  readonly tcpTimeoutMs: number;
  readonly tcpFinTimeoutMs: number;
  readonly udpTimeoutMs: number;
}

export interface UserspaceConfig {
  /** Where services' ports are opened, as `from-to`; undefined: wherever the kernel likes. */
  readonly portRange: { readonly from: number; readonly to: number } | undefined;
  /** How long an idle UDP flow keeps its socket. */
  readonly udpIdleMs: number;
}
