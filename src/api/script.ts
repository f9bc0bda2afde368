// What the scripts of a lab export, and the handle on the running cluster that they get. Published as
// `kube-network-labs/lab`: an author's script imports these types.
import type { UnitVerb } from './fabric.ts';
import type { FactName, Facts } from './facts.ts';
import type { LabParams, Language, Localized } from './lab.ts';
import type { KubeObject } from './meta.ts';
import type { HttpOutcome, LookupOutcome, TcpOutcome } from './probes.ts';

export type { Deployment } from './apps.ts';
export type { Endpoints, Node, Service } from './core.ts';
export type { Pod } from './core-pods.ts';
export type { UnitVerb } from './fabric.ts';
export type { FactName, Facts } from './facts.ts';
export type { LabParams, Language, Localized } from './lab.ts';
export type { KubeObject } from './meta.ts';
export type { HttpOutcome, LookupOutcome, TcpOutcome } from './probes.ts';

/** What a script can do with the running cluster. Functions that read use the fabric, not a node's tools. */
export interface LabHandle {
  readonly lab: string;
  /** The student's language, for the texts of errors that the script throws. */
  readonly language: Language;
  /** The names of the cluster's nodes, in order. */
  readonly nodes: readonly string[];
  /** The values of the lab's parameters for this student. */
  readonly params: LabParams;
  /** A node by its name. Throws at once if the lab has no such node. */
  node(name: string): NodeHandle;
  /**
   * A pod as checks write it, without `pod/`: `NAME`, `NAMESPACE/NAME` or `NAMESPACE/LABEL=VALUE`. It is looked for
   * when one of its functions is called.
   */
  pod(reference: string, options?: PodOptions): PodHandle;
  /** The first machine outside of the cluster. Throws if the lab has none. */
  readonly client: MachineHandle;
  /** A node, a client, a router or a host by its name. Throws at once if the lab has no such machine. */
  machine(name: string): MachineHandle;
  /** The fabric's own `kubectl`, as the cluster's administrator: `lab.kubectl('get', 'pods')`. Gives its output. */
  kubectl(...words: readonly string[]): Promise<string>;
  /** `kubectl apply -f -` of a text of YAML or JSON. */
  apply(manifest: string): Promise<string>;
  /** One object as the API server has it, or undefined; `service/db`, `pod/shop/cart`, `pod/shop/app=cart`. */
  object<T extends KubeObject = KubeObject>(reference: string): Promise<T | undefined>;
  /**
   * Puts a program, by its path in the lab's folder, in the place of kube-proxy on each node whose `proxy` is `own`, as
   * `labs install-proxy` does. Removes all rules that are there, except those of CNI plugins.
   */
  installProxy(file: string): Promise<void>;
  /** Undoes `installProxy`. The nodes are without a proxy, and without rules. */
  removeProxy(): Promise<void>;
  /** Waits until `look` gives true. `condition` names what is awaited, e.g. `orange is ready`: a timeout shows it. */
  until(condition: Localized | string, look: () => Promise<boolean>, timeoutMs?: number): Promise<void>;
}

/** Where programs run, and from where packets are sent: a machine or a pod. */
export interface PlaceHandle {
  /**
   * Runs a command as root in the place's own shell, and waits for its end: `` await node.$`ip route show ${to}` ``.
   * Values are quoted, a list is several words. A student may have replaced the programs of a place. Rejects when the
   * command ends with another exit code than 0, unless `.nothrow()` follows.
   */
  readonly $: Shell;
  /** Facts of the kernel, read by the fabric. */
  facts(...want: readonly FactName[]): Promise<Facts>;
  /** One request from here, sent by the fabric. */
  http(url: string, timeoutMs?: number): Promise<HttpOutcome>;
  /** One connection from here to `host:port`, made by the fabric. */
  tcp(to: string, timeoutMs?: number): Promise<TcpOutcome>;
  /** What a name resolves to here, by the place's own resolv.conf. */
  lookup(name: string): Promise<LookupOutcome>;
}

export interface MachineHandle extends PlaceHandle {
  readonly name: string;
  /** A file, at most its last `tailBytes` (1 MiB by default); undefined when the file does not exist. */
  read(path: string, tailBytes?: number): Promise<string | undefined>;
}

export interface NodeHandle extends MachineHandle {
  /** The fabric's own systemctl asks the systemd of the node, so that a replaced program does not matter. */
  systemctl(verb: UnitVerb, ...units: readonly string[]): Promise<void>;
  /** The fabric's own `iptables-restore`. Other rules of the tables stay, unless `flush` is set. */
  restoreRules(input: string, options?: { readonly flush?: boolean }): Promise<void>;
}

export type PodHandle = PlaceHandle;

export interface PodOptions {
  /** Where `$` runs. Default: the pod's first container. */
  readonly container?: string;
}

/** Runs a command. Its forms are those of zx. */
export interface Shell {
  (pieces: TemplateStringsArray, ...values: readonly ShellValue[]): Command;
  /** The same shell with options: `` await node.$({ input: rules })`iptables-restore` `` */
  (options: ShellOptions): Shell;
}

export type ShellValue = string | number | readonly (string | number)[];

export interface ShellOptions {
  /** What the command reads from its standard input. */
  readonly input?: string;
  /** Resolve also when the command ends with another exit code than 0. */
  readonly nothrow?: boolean;
}

/** A command that runs. */
export interface Command extends Promise<CommandOutput> {
  /** Resolve also when the command ends with another exit code than 0. */
  nothrow(): Command;
  /** What it wrote, without the line break at the end. */
  text(): Promise<string>;
  /** The lines that it wrote. */
  lines(): Promise<readonly string[]>;
  /** What it wrote, read as JSON. */
  json<T = unknown>(): Promise<T>;
}

/** What a command wrote, and how it ended. */
export interface CommandOutput {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  text(): string;
  lines(): readonly string[];
  json<T = unknown>(): T;
}

/** The handle of a `solve` script, which can also answer questions. */
export interface SolveHandle extends LabHandle {
  /** Answers the question of a check of the task being solved. */
  answer(check: string, value: string | number): Promise<void>;
}

/** The result of a check script. The student reads its texts. */
export type ScriptVerdict =
  | { readonly pass: true; readonly observed: Localized | string }
  | {
      readonly pass: false;
      readonly expected: Localized | string;
      readonly observed: Localized | string;
      readonly hint?: Localized | string;
      /** Of the check's points, those that the student gets all the same. Default 0. */
      readonly points?: number;
    };

/** The type of `setup`, `clear`, `restore`, and of `run` in a file for `labs run`. */
export type SetupScript = (lab: LabHandle) => Promise<void>;
/** Resolves with false when a restart of the machines had repaired nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: a script without a result has broken something again
export type ResumeScript = (lab: LabHandle) => Promise<boolean | void>;
export type SolveScript = (lab: SolveHandle) => Promise<void>;
/** The type of `cheat`: a wrong solution, which `labs test` tries after the task's setup. It must lose points. */
export type CheatScript = SolveScript;
export type CheckScript = (lab: LabHandle) => Promise<ScriptVerdict>;
export type ExpectedScript = (lab: LabHandle) => Promise<string | readonly string[]>;
