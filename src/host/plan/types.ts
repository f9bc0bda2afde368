// The plan of a cluster as plain data: it prints, diffs and is tested without Docker. The path: definition → plan → cluster.
import type { Component } from '../../api/paths.ts';
import type { Cidr, Ipv4 } from '../../api/scalars.ts';

/** Everything that a cluster will consist of. */
export interface ClusterPlan {
  /** The instance's name: part of every container's name. */
  readonly name: string;
  /** The lab from which it is made. */
  readonly lab: string;
  /** Digest of the lab's definition, kept as a label: tells whether a running cluster still fits. */
  readonly definition: string;
  readonly version: string;
  readonly image: string;
  readonly network: NetworkPlan;
  /** The fabric first, then the nodes in the order of their pod subnets, then the clients. */
  readonly machines: readonly MachinePlan[];
}

export interface NetworkPlan {
  readonly bridge: { readonly name: string; readonly address: Ipv4; readonly prefix: number };
  readonly nodeCidr: Cidr;
  readonly podCidr: Cidr;
  readonly serviceCidr: Cidr;
  readonly dnsAddress: Ipv4;
  readonly apiServer: { readonly address: Ipv4; readonly port: number };
}

export type MachineRole = 'fabric' | 'node' | 'client';

/** One container. */
export interface MachinePlan {
  readonly name: string;
  readonly role: MachineRole;
  readonly controlPlane: boolean;
  readonly container: string;
  readonly hostname: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly capabilities: readonly string[];
  readonly securityOptions: readonly string[];
  readonly sysctls: Readonly<Record<string, string>>;
  /** Path → mount options. */
  readonly tmpfs: Readonly<Record<string, string>>;
  readonly mounts: readonly VolumeMount[];
  readonly limits: Limits;
  /** `host`: sees all processes of the engine's machine, with which the fabric finds the others' namespaces. */
  readonly pidMode: 'host' | 'private';
  readonly stopSignal: string;
  /** `name:address`, into /etc/hosts. */
  readonly hosts: readonly string[];
  /** Where the machine is plugged in; the fabric is the bridge itself. */
  readonly link?: LinkPlan;
  readonly files: readonly PlannedFile[];
  readonly components: readonly Component[];
}

export interface LinkPlan {
  readonly interface: string;
  readonly address: Ipv4;
  readonly prefix: number;
  readonly gateway: Ipv4;
  readonly mac: string;
}

export interface VolumeMount {
  readonly volume: string;
  readonly path: string;
  readonly readOnly: boolean;
}

export interface Limits {
  readonly memoryBytes: number;
  /** Cores; at most as many as the engine has. */
  readonly cpus: number;
  readonly pids: number;
}

/** A file to be put into a machine before it starts. Exactly one source of content. */
export type PlannedFile =
  | { readonly path: string; readonly mode: number; readonly content: string; readonly secret?: boolean }
  /** A bundle that the build made, by its file's name in `dist/`. */
  | { readonly path: string; readonly mode: number; readonly bundle: string }
  | { readonly path: string; readonly symlink: string };
