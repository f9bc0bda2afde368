// The functions behind the handle of a lab's scripts, as the script's process asks labs for them: all flat, each with
// the name of its machine or place.
import type { UnitVerb } from '../../api/fabric.ts';
import type { FactName, Facts } from '../../api/facts.ts';
import type { LabParams, Language, PlaceRef } from '../../api/lab.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { HttpOutcome, LookupOutcome, TcpOutcome } from '../../api/probes.ts';
import type { LabHandle } from '../../api/script.ts';

/** What the handle tells without asking labs. */
export interface HandleFacts {
  readonly lab: string;
  readonly language: Language;
  readonly nodes: readonly string[];
  /** The first one is `lab.client`. */
  readonly clients: readonly string[];
  /** Routers and hosts. */
  readonly machines: readonly string[];
  readonly params: LabParams;
}

/** A command that ended. */
export interface RanCommand {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  /** Of a pod. Default: its first one. */
  readonly container?: string;
}

export interface LabCalls
  extends HandleFacts,
    Pick<LabHandle, 'kubectl' | 'apply' | 'object' | 'installProxy' | 'removeProxy'> {
  /** Runs a shell script as root: with bash on a machine, with sh in a pod. Resolves also when the script fails. */
  run(place: PlaceRef, script: string, options?: RunOptions): Promise<RanCommand>;
  systemctl(node: string, verb: UnitVerb, ...units: readonly string[]): Promise<void>;
  restoreRules(node: string, input: string, options?: { readonly flush?: boolean }): Promise<void>;
  object<T extends KubeObject = KubeObject>(reference: string): Promise<T | undefined>;
  facts(place: PlaceRef, ...want: readonly FactName[]): Promise<Facts>;
  http(from: PlaceRef, url: string, timeoutMs?: number): Promise<HttpOutcome>;
  tcp(from: PlaceRef, to: string, timeoutMs?: number): Promise<TcpOutcome>;
  lookup(from: PlaceRef, name: string): Promise<LookupOutcome>;
  read(machine: string, path: string, tailBytes?: number): Promise<string | undefined>;
  /** Only while a solution runs. */
  answer?(check: string, value: string): Promise<void>;
}
