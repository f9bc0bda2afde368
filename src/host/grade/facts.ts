// What can be asked about a running cluster, and the answers so far. Evaluation is pure: it reads these, and says what it misses.
import type { FactName, Facts, FileOutcome, HttpOutcome, LookupOutcome, TcpOutcome } from '../../api/fabric.ts';
import type { ScriptVerdict } from '../../api/lab.ts';
import type { KubeObject } from '../../api/meta.ts';

/** A machine, or the pod with this address on it. */
export interface Spot {
  readonly machine: string;
  readonly podIp?: string;
}

/** Every kind of fact: what names it, and what it gives. */
export interface FactKinds {
  /** All objects under a list URL, e.g. `/api/v1/services`. */
  readonly objects: { readonly ask: { readonly path: string }; readonly value: readonly KubeObject[] };
  /** What the kernel says about a place; one call per place gathers all that is wanted. */
  readonly facts: { readonly ask: { readonly spot: Spot; readonly want: FactName }; readonly value: Facts };
  readonly http: {
    readonly ask: {
      readonly spot: Spot;
      readonly url: string;
      readonly method: string;
      readonly host?: string;
      readonly timeoutMs: number;
    };
    readonly value: HttpOutcome;
  };
  readonly tcp: {
    readonly ask: { readonly spot: Spot; readonly host: string; readonly port: number; readonly timeoutMs: number };
    readonly value: TcpOutcome;
  };
  readonly lookup: {
    readonly ask: {
      readonly spot: Spot;
      readonly name: string;
      readonly nameserver: string;
      readonly timeoutMs: number;
    };
    readonly value: LookupOutcome;
  };
  readonly file: {
    readonly ask: { readonly machine: string; readonly path: string; readonly tailBytes: number };
    readonly value: FileOutcome;
  };
  readonly check: {
    readonly ask: { readonly file: string; readonly timeoutMs: number };
    readonly value: ScriptVerdict;
  };
  readonly expected: { readonly ask: { readonly file: string }; readonly value: readonly string[] };
}

export type FactKind = keyof FactKinds;
export type FactRequest = { [K in FactKind]: { readonly kind: K } & FactKinds[K]['ask'] }[FactKind];
export type FactValue<K extends FactKind> = FactKinds[K]['value'];

/** A fact, or why it could not be had, with the fabric's code where it has one. */
export type Fact =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly cause: string; readonly code?: string };

/** Facts by `keyOf` their request. */
export type FactStore = ReadonlyMap<string, Fact>;

export const keyOf = (request: FactRequest): string =>
  JSON.stringify(Object.entries(request).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Evaluation can't go on without these. */
export class MissingFacts extends Error {
  override readonly name = 'MissingFacts';
  readonly requests: readonly FactRequest[];
  constructor(requests: readonly FactRequest[]) {
    super(`${requests.length} facts are missing`);
    this.requests = requests;
  }
}

/** Tries several questions and asks for all that any of them misses at once. */
export class MissingAll {
  readonly #requests: FactRequest[] = [];

  try<T>(question: () => T): T | undefined {
    try {
      return question();
    } catch (error) {
      if (!(error instanceof MissingFacts)) throw error;
      this.#requests.push(...error.requests);
      return undefined;
    }
  }

  throwIfAny(): void {
    if (this.#requests.length > 0) throw new MissingFacts(this.#requests);
  }
}

/** What a check looks at isn't there, by the student's doing: it fails, also when turned round by `not`. */
export class Unmet extends Error {
  override readonly name = 'Unmet';
  readonly hint: string | undefined;
  /** It may be there again in a moment, without anybody's doing. */
  readonly passing: boolean;
  constructor(observed: string, hint?: string, passing = false) {
    super(observed);
    this.hint = hint;
    this.passing = passing;
  }
}

/** Ours or the machine's fault. */
export class BrokenFact extends Error {
  override readonly name = 'BrokenFact';
}
