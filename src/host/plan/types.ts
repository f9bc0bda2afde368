// The types of a cluster's plan. A plan is plain data: it can be printed, compared and tested without Docker.
import type { RouteSpecification } from '../../api/cluster.ts';
import type { Component } from '../../api/paths.ts';
import type { Cidr, Ipv4 } from '../../api/scalars.ts';
import type { Link } from '../../api/wiring.ts';

/** Everything that a cluster will consist of. */
export interface ClusterPlan {
  /** The instance's name: part of every container's name. */
  readonly name: string;
  /** The lab from which it is made. */
  readonly lab: string;
  /** The digest of the lab's definition, for a label. */
  readonly definition: string;
  readonly version: string;
  readonly image: string;
  readonly network: NetworkPlan;
  /** The fabric first, then the nodes in the order of their pod subnets, the clients, the other machines. */
  readonly machines: readonly MachinePlan[];
  readonly gateway: GatewayPlan;
}

/** The container through which the user's machine reaches the API server. Its port is chosen while it is created. */
export interface GatewayPlan {
  readonly container: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Holds the Unix socket that the gateway shares with the fabric. */
  readonly volume: string;
}

export interface NetworkPlan {
  readonly bridge: { readonly name: string; readonly address: Ipv4; readonly prefix: number };
  readonly nodeCidr: Cidr;
  readonly podCidr: Cidr;
  readonly serviceCidr: Cidr;
  readonly dnsAddress: Ipv4;
  readonly apiServer: { readonly address: Ipv4; readonly port: number };
}

export type MachineRole = 'fabric' | 'node' | 'client' | 'router' | 'host';

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
  /** Root's id outside of the machine. Undefined: root of the engine's machine. */
  readonly ids?: number;
  readonly capabilities: readonly string[];
  /** Of Docker's default capabilities. */
  readonly dropCapabilities?: readonly string[];
  readonly readOnly?: boolean;
  /** As Docker's `--device-cgroup-rule`. */
  readonly deviceRules: readonly string[];
  readonly cgroupNamespace: 'private' | 'host';
  /** The container has a volume for what belongs to this machine alone. See boot.ts. */
  readonly state: boolean;
  /** Files of the container, which no student sees. */
  readonly launcher: readonly PlannedFile[];
  readonly securityOptions: readonly string[];
  readonly sysctls: Readonly<Record<string, string>>;
  /** Path → mount options. */
  readonly tmpfs: Readonly<Record<string, string>>;
  readonly mounts: readonly VolumeMount[];
  readonly limits: Limits;
  /**
   * `host`: sees all processes of the engine's machine. The fabric finds the namespaces of the machines through them.
   */
  readonly pidMode: 'host' | 'private';
  readonly stopSignal: string;
  /** `name:address`, into /etc/hosts. */
  readonly hosts: readonly string[];
  /** The link of a node or client to the nodes' network. The fabric has none, because it holds the bridge. */
  readonly link?: LinkPlan;
  /** The links of a router or host. */
  readonly links?: readonly Link[];
  readonly routes?: readonly RouteSpecification[];
  readonly files: readonly PlannedFile[];
  readonly components: readonly Component[];
}

export type LinkPlan = Link & Required<Pick<Link, 'address' | 'gateway'>>;

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

/** A file that a machine gets before it starts, with exactly one source of its content. */
export type PlannedFile =
  | { readonly path: string; readonly mode: number; readonly content: string; readonly secret?: boolean }
  /** A bundle of the build, by its path below `dist/`. */
  | { readonly path: string; readonly mode: number; readonly bundle: string }
  | { readonly path: string; readonly symlink: string };
