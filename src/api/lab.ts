// A lab as its folder defines it, after reading: every default filled in, every path absolute, every reference resolved.
import type { ClusterSpec } from './cluster.ts';
import type { FactName, Facts, HttpOutcome, LookupOutcome, TcpOutcome } from './fabric.ts';
import type { KubeObject } from './meta.ts';

/** Languages that texts come in. English is always there. */
export const languages = ['en', 'ko'] as const;
export type Language = (typeof languages)[number];

/** A text in every language that the lab's author wrote. */
export type Localized = { readonly en: string } & { readonly [L in Exclude<Language, 'en'>]?: string };

export const localize = (text: Localized, language: Language): string => text[language] ?? text.en;

export interface LabDefinition {
  readonly name: string;
  readonly title: Localized;
  readonly summary: Localized;
  /** Absolute; the folder of `lab.yaml`. */
  readonly folder: string;
  /** `sha256:…` over all files of the folder: whether a running cluster was made from this very definition. */
  readonly digest: string;
  readonly cluster: ClusterSpec;
  /** In the order in which they are meant to be done. */
  readonly tasks: readonly TaskDefinition[];
}

export interface TaskDefinition {
  readonly id: string;
  readonly title: Localized;
  /** Absolute paths of the task's Markdown. */
  readonly text: Localized;
  /** Shown one after the other by `labs hint`. */
  readonly hints: readonly Localized[];
  /** Absolute path of a script that exports `setup(lab)`: run when the learner begins the task. */
  readonly setup?: string;
  /** Absolute path of a script that exports `solve(lab)`. */
  readonly solve?: string;
  readonly checks: readonly CheckDefinition[];
}

/** `pod/NAME`, `pod/NAMESPACE/NAME`, `pod/NAMESPACE/LABEL=VALUE`, `node/NAME`, `client` or `client/NAME`; `node/*` is each node in turn. */
export type PlaceRef = string;
/** `/…/flags` is a regular expression; any other text is looked for literally. `${kind/[namespace/]name:.json.path}` is filled in from the cluster. */
export type TextMatch = string;

interface CheckBase {
  /** Unique in its task; `task/check` everywhere else. */
  readonly id: string;
  readonly title: Localized;
  readonly points: number;
  /** Passes when what it describes is not so. What it describes must still be possible to look at. */
  readonly not: boolean;
  /** Looks again for so long after the first look before it fails. */
  readonly withinMs: number;
  /** `task/check`: looked at only after these have passed. */
  readonly needs: readonly string[];
  /** Shown with a failure. */
  readonly hint?: Localized;
}

export interface HttpCheck extends CheckBase {
  readonly type: 'http';
  readonly from: PlaceRef;
  readonly url: string;
  readonly method: string;
  readonly status: number;
  readonly body?: TextMatch;
  readonly timeoutMs: number;
}

export interface TcpCheck extends CheckBase {
  readonly type: 'tcp';
  readonly from: PlaceRef;
  /** `host:port` */
  readonly to: string;
  /** What the server says first. */
  readonly banner?: TextMatch;
  readonly timeoutMs: number;
}

export interface LookupCheck extends CheckBase {
  readonly type: 'lookup';
  readonly from: PlaceRef;
  readonly name: string;
  readonly address: TextMatch;
  readonly timeoutMs: number;
}

/** Which rules of a node are meant. All that is given must hold. */
export interface RuleSelection {
  readonly table: string;
  readonly chain?: TextMatch;
  readonly comment?: TextMatch;
  /** `DNAT`, `MASQUERADE`, or the chain jumped to. */
  readonly target?: TextMatch;
  /** `--to-destination` */
  readonly to?: TextMatch;
  readonly source?: TextMatch;
  readonly destination?: TextMatch;
  readonly dport?: string;
}

/** At least, at most; `{min: 1}` by default. */
export interface CountRange {
  readonly min: number;
  readonly max?: number;
}

/** By what the rules say (`rules`) or by what they do with a packet (`packet`). */
export interface IptablesCheck extends CheckBase {
  readonly type: 'iptables';
  /** `node/NAME` or `node/*`. */
  readonly on: PlaceRef;
  readonly rules?: RuleSelection;
  readonly count: CountRange;
  readonly packet?: PacketExpectation;
}

export interface PacketExpectation {
  /** A place or an address. */
  readonly from: string;
  /** `address:port` */
  readonly to: string;
  readonly protocol: 'tcp' | 'udp';
  /**
   * Every way that the packet can go ends at one of these (`address:port`), and each of them is reached by some way.
   * `endpoints/[NAMESPACE/]SERVICE` stands for the service's ready endpoints.
   */
  readonly lands?: readonly string[];
  readonly fate: 'accepted' | 'dropped' | 'rejected';
  readonly masquerade?: boolean;
}

export interface LinkCheck extends CheckBase {
  readonly type: 'link';
  readonly on: PlaceRef;
  /** Look in every network namespace on the machine, not only in its own. */
  readonly everywhere: boolean;
  readonly name?: TextMatch;
  readonly kind?: string;
  readonly address?: string;
  /** The bridge that it is plugged into. */
  readonly master?: TextMatch;
  readonly up?: boolean;
  readonly count: CountRange;
}

export interface RouteCheck extends CheckBase {
  readonly type: 'route';
  readonly on: PlaceRef;
  /** A network or `default`. */
  readonly to: string;
  readonly via?: string;
  readonly device?: TextMatch;
}

export interface ObjectCheck extends CheckBase {
  readonly type: 'object';
  /** `service/db`, `pod/shop/cart`, `deployment/shop/app=web` */
  readonly object: string;
  readonly exists: boolean;
  readonly where: readonly ObjectCondition[];
}

export interface ObjectCondition {
  /** JSONPath below the object, e.g. `.spec.ports[0].nodePort`. */
  readonly path: string;
  readonly equals?: string | number | boolean;
  readonly matches?: TextMatch;
  /** How many values the path finds. */
  readonly count?: CountRange;
}

export interface ProcessCheck extends CheckBase {
  readonly type: 'process';
  readonly on: PlaceRef;
  /** The program's name, e.g. `kube-proxy`. Without it, only `listening` is looked at. */
  readonly name?: string;
  /** Each must be found in the command line. */
  readonly arguments: readonly TextMatch[];
  readonly unit?: string;
  /** `address:port`, `:port`, with `/udp` where it isn't TCP. */
  readonly listening?: string;
}

export interface FileCheck extends CheckBase {
  readonly type: 'file';
  readonly on: PlaceRef;
  readonly path: string;
  readonly exists: boolean;
  readonly content?: TextMatch;
}

export interface LogCheck extends CheckBase {
  readonly type: 'log';
  readonly on: PlaceRef;
  readonly path: string;
  /** A line that must be there. */
  readonly line: TextMatch;
  readonly count: CountRange;
}

/** What the learner is asked. The right answer is written down, or comes out of the running cluster. */
export interface AnswerCheck extends CheckBase {
  readonly type: 'answer';
  readonly question: Localized;
  /** A choice instead of free text; the answer is the choice's id. */
  readonly choices: readonly { readonly id: string; readonly text: Localized }[];
  readonly expect: AnswerExpectation;
}

export type AnswerExpectation =
  /** Any of these; letter case and blanks don't count. */
  | { readonly kind: 'equals'; readonly values: readonly string[] }
  | { readonly kind: 'matches'; readonly pattern: string }
  /** The name of the node's end of a pod's veth pair. */
  | { readonly kind: 'veth'; readonly pod: PlaceRef }
  /** The address by which a node sends packets for a network or address. */
  | { readonly kind: 'gateway'; readonly on: PlaceRef; readonly to: string }
  /** A field of the rules that are meant. */
  | {
      readonly kind: 'rule';
      readonly on: PlaceRef;
      readonly rules: RuleSelection;
      readonly field: 'chain' | 'target' | 'to' | 'probability' | 'comment';
    }
  /** The value of a flag of a running process. */
  | { readonly kind: 'flag'; readonly on: PlaceRef; readonly process: string; readonly flag: string }
  /** Absolute path of a script that exports `expected(lab)`, one answer or several. */
  | { readonly kind: 'script'; readonly file: string };

export interface ScriptCheck extends CheckBase {
  readonly type: 'script';
  /** Absolute path of a script that exports `check(lab)`. */
  readonly file: string;
  readonly timeoutMs: number;
}

export type CheckDefinition =
  | HttpCheck
  | TcpCheck
  | LookupCheck
  | IptablesCheck
  | LinkCheck
  | RouteCheck
  | ObjectCheck
  | ProcessCheck
  | FileCheck
  | LogCheck
  | AnswerCheck
  | ScriptCheck;
export type CheckType = CheckDefinition['type'];

// ---- What a lab's own scripts get and give ----

/** What a script of a lab can do with the running cluster. Looking goes through the fabric, never through a node's own tools. */
export interface LabHandle {
  readonly lab: string;
  /** The cluster's nodes, in order. */
  readonly nodes: readonly string[];
  /** Runs a shell script on a machine as root; resolves with its output, rejects when it fails. */
  sh(machine: string, script: string, options?: { readonly stdin?: string }): Promise<string>;
  /** `kubectl` on the control plane. */
  kubectl(...args: readonly string[]): Promise<string>;
  /** `kubectl apply -f -` */
  apply(manifest: string): Promise<string>;
  /** One object as the API server has it, or undefined; `service/db`, `pod/shop/cart`, `pod/shop/app=cart`. */
  object<T extends KubeObject = KubeObject>(reference: string): Promise<T | undefined>;
  facts(place: PlaceRef, ...want: readonly FactName[]): Promise<Facts>;
  http(from: PlaceRef, url: string, timeoutMs?: number): Promise<HttpOutcome>;
  tcp(from: PlaceRef, to: string, timeoutMs?: number): Promise<TcpOutcome>;
  lookup(from: PlaceRef, name: string): Promise<LookupOutcome>;
  /** A file on a machine, at most its last `tailBytes` (1 MiB by default); undefined when it isn't there. */
  read(machine: string, path: string, tailBytes?: number): Promise<string | undefined>;
  /** Looks until the condition holds: `until('orange is ready', async () => (await lab.object('pod/orange')) !== undefined)` */
  until(condition: string, look: () => Promise<boolean>, timeoutMs?: number): Promise<void>;
}

/** What `solve` scripts get: they also answer. */
export interface SolveHandle extends LabHandle {
  /** Answers the question of a check of the task being solved. */
  answer(check: string, value: string): Promise<void>;
}

/** What a check script returns. */
export type ScriptVerdict =
  | { readonly pass: true; readonly observed: string }
  | { readonly pass: false; readonly expected: string; readonly observed: string; readonly hint?: string };

export type SetupScript = (lab: LabHandle) => Promise<void>;
export type SolveScript = (lab: SolveHandle) => Promise<void>;
export type CheckScript = (lab: LabHandle) => Promise<ScriptVerdict>;
export type ExpectedScript = (lab: LabHandle) => Promise<string | readonly string[]>;
