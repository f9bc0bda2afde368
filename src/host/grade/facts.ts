// The facts that checks can ask for, and the store of the facts gathered so far.
// Evaluation is pure: it reads the store, and throws `MissingFacts` when the store lacks a fact.
import type { NamespaceTexts, TwinParams } from '../../api/dataplane.ts';
import type { FactName, Facts, FileOutcome } from '../../api/facts.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { Component } from '../../api/paths.ts';
import type {
  HttpOutcome,
  LookupOutcome,
  RecordType,
  SearchList,
  SeriesOutcome,
  TcpOutcome,
} from '../../api/probes.ts';
import type { ScriptVerdict } from '../../api/script.ts';
import type { ChangeOutcome, ChangeRequest } from './change/types.ts';

/** A machine, the pod with this address on it, or the network namespace that has this name in `ip netns` there. */
export interface Spot {
  readonly machine: string;
  readonly podIp?: string;
  readonly netns?: string;
}

/** A network namespace, and the address and port at which a request reaches it. */
export interface Endpoint {
  readonly spot: Spot;
  readonly address: string;
  /** Default: any port. */
  readonly port?: number;
  /** The request must leave from here to the address, instead of arriving: the sender does not answer or change it. */
  readonly leaves?: true;
}

/** A spot without further fields, so that equal spots give equal keys. */
export const spotOf = ({ machine, podIp, netns }: Spot): Spot => ({
  machine,
  ...(podIp === undefined ? {} : { podIp }),
  ...(netns === undefined ? {} : { netns }),
});

/** Whether the spot is the machine itself. */
export const isMachine = ({ podIp, netns }: Spot): boolean => podIp === undefined && netns === undefined;

/** Every kind of fact: `ask` is the request, `value` is the answer. */
export interface FactKinds {
  /** All objects under a list URL, e.g. `/api/v1/services`. */
  readonly objects: { readonly ask: { readonly path: string }; readonly value: readonly KubeObject[] };
  /** What the kernel says about a place. One call gathers all requested facts of one place. */
  readonly facts: { readonly ask: { readonly spot: Spot; readonly want: FactName }; readonly value: Facts };
  /** All that decides where a packet goes, in every network namespace of the lab. */
  readonly dataplane: { readonly ask: object; readonly value: readonly NamespaceTexts[] };
  /** What came of a change of the cluster. It is undone by then. */
  readonly change: { readonly ask: ChangeRequest; readonly value: ChangeOutcome };
  /** What kube-proxy writes on an untouched node for the present objects. */
  readonly twin: { readonly ask: TwinParams; readonly value: NamespaceTexts };
  readonly http: {
    readonly ask: {
      readonly spot: Spot;
      readonly url: string;
      readonly method: string;
      readonly host?: string;
      readonly timeoutMs: number;
      readonly stages?: readonly (readonly Endpoint[])[];
      /** kube-proxy may answer the connection itself and open another one to the endpoint. */
      readonly relayed?: boolean;
    };
    readonly value: HttpOutcome;
  };
  readonly tcp: {
    readonly ask: {
      readonly spot: Spot;
      readonly host: string;
      readonly port: number;
      readonly timeoutMs: number;
      readonly stages?: readonly (readonly Endpoint[])[];
      readonly relayed?: boolean;
    };
    readonly value: TcpOutcome;
  };
  /** One of these requests again and again. */
  readonly series: {
    readonly ask: {
      readonly times: number;
      readonly stages: readonly (readonly Endpoint[])[];
      readonly request: RepeatedRequest;
    };
    readonly value: SeriesOutcome;
  };
  readonly lookup: {
    readonly ask: {
      readonly spot: Spot;
      readonly name: string;
      readonly nameserver: string;
      readonly record?: RecordType;
      readonly search?: SearchList;
      readonly timeoutMs: number;
      readonly stages?: readonly (readonly Endpoint[])[];
    };
    readonly value: LookupOutcome;
  };
  readonly sysctl: {
    readonly ask: { readonly spot: Spot; readonly name: string };
    readonly value: { readonly value?: string };
  };
  readonly file: {
    readonly ask: { readonly machine: string; readonly path: string; readonly tailBytes: number };
    readonly value: FileOutcome;
  };
  /** What a component of a machine has logged. */
  readonly journal: {
    readonly ask: { readonly machine: string; readonly unit: Component };
    readonly value: FileOutcome;
  };
  readonly check: {
    readonly ask: { readonly file: string; readonly timeoutMs: number };
    readonly value: ScriptVerdict;
  };
  /** The salted hash of an answer. See hashed.ts. */
  readonly digest: { readonly ask: { readonly salt: string; readonly text: string }; readonly value: string };
  readonly expected: { readonly ask: { readonly file: string }; readonly value: readonly string[] };
}

export type RepeatedRequest =
  | ({ readonly kind: 'http' } & Omit<FactKinds['http']['ask'], 'stages'>)
  | ({ readonly kind: 'tcp'; readonly greets: boolean } & Omit<FactKinds['tcp']['ask'], 'stages' | 'relayed'>);

export type FactKind = keyof FactKinds;
export type FactRequest = { [K in FactKind]: { readonly kind: K } & FactKinds[K]['ask'] }[FactKind];
export type FactValue<K extends FactKind> = FactKinds[K]['value'];

/** The value of a fact, or the reason why there is none. `code` is the fabric's error code. */
export type Fact =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly cause: string; readonly code?: string };

/** Facts by the `keyOf` of their request. */
export type FactStore = Pick<ReadonlyMap<string, Fact>, 'get'>;

export const keyOf = (request: FactRequest): string =>
  JSON.stringify(Object.entries(request).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Evaluation needs these facts before it can go on. */
export class MissingFacts extends Error {
  override readonly name = 'MissingFacts';
  readonly requests: readonly FactRequest[];
  constructor(requests: readonly FactRequest[]) {
    super(`${requests.length} facts are missing`);
    this.requests = requests;
  }
}

/** Asks about every item. When facts are missing, asks for the missing facts of all items at once. */
export const askAll = <T, R>(items: readonly T[], ask: (item: T) => R): readonly R[] => {
  const missing: FactRequest[] = [];
  const answers = items.flatMap((item) => {
    try {
      return [ask(item)];
    } catch (error) {
      if (!(error instanceof MissingFacts)) throw error;
      missing.push(...error.requests);
      return [];
    }
  });
  if (missing.length > 0) throw new MissingFacts(missing);
  return answers;
};

/**
 * The thing that a check looks at does not exist, and the student has to create it.
 * The check fails, also with `not`: a check must not pass only because something is missing.
 */
export class Unmet extends Error {
  override readonly name = 'Unmet';
  readonly hint: string | undefined;
  /** The thing may come back by itself within a moment, as a restarted component does. */
  readonly temporary: boolean;
  constructor(observed: string, hint?: string, temporary = false) {
    super(observed);
    this.hint = hint;
    this.temporary = temporary;
  }
}

/** The check changes the cluster, and this look must not. */
export class NotNow extends Error {
  override readonly name = 'NotNow';
}

/** The code of such a fact. */
export const noChanges = 'LAB_NO_CHANGE';

/** The code of a fact that does not exist because the student has to create something. */
export const unmetCode = 'LAB_UNMET';

/** The lab or the machine is at fault, not the student. */
export class BrokenFact extends Error {
  override readonly name = 'BrokenFact';
}
