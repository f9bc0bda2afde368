// What the steps of a bring-up share: what was asked, and what earlier steps have made.
import type { UndoStack } from '../../kit/undo.ts';
import type { Containers } from '../docker/port.ts';
import type { Pki } from '../plan/identities.ts';
import type { PlanInput } from '../plan/plan.ts';
import type { ClusterPlan } from '../plan/types.ts';
import type { Fabric } from './fabric.ts';
import type { Bundles } from './install.ts';
import type { Machine, RunningMachine } from './machines.ts';
import type { Cluster } from './open.ts';

/** What `labs start` asks for. */
export interface StartRequest {
  readonly plan: Omit<PlanInput, 'image'>;
  /** Makes sure that the node image and the pod images are there; gives the node image's reference. */
  readonly ensureImage: (signal: AbortSignal, onProgress: (line: string) => void) => Promise<string>;
  readonly bundles: Bundles;
  /** Does what the lab's own definition wants done before the student comes. Not on a resume. */
  readonly setup?: (cluster: Cluster, signal: AbortSignal) => Promise<void>;
}

/** Filled step by step; reading what no earlier step made is a defect of the list. */
export class BringUp {
  readonly containers: Containers;
  readonly request: StartRequest;
  readonly undo: UndoStack;
  readonly onProgress: (line: string) => void;
  /** Container ids by machine. */
  readonly ids = new Map<string, string>();
  /** A student may have broken this cluster, and wants it back as it was: what isn't well is told, and no failure. */
  lenient = false;
  readonly warnings: string[] = [];
  /** On performance's clock: when a lenient bring-up has waited long enough for everything together. */
  patienceEnds: number | undefined;
  /** On a resume: what doesn't run yet, and whether a start of this cluster ever came to its end. */
  asleep: readonly Machine[] = [];
  completed = false;
  #image?: string;
  #pki?: Pki;
  #plan?: ClusterPlan;
  #fabric?: Fabric;
  #machines?: readonly RunningMachine[];

  constructor(options: Pick<BringUp, 'containers' | 'request' | 'undo' | 'onProgress'>) {
    this.containers = options.containers;
    this.request = options.request;
    this.undo = options.undo;
    this.onProgress = options.onProgress;
  }

  /** Gives up the connection to the fabric, if there is one yet. */
  close(): void {
    this.#fabric?.close();
  }

  get image(): string {
    return made(this.#image, 'image');
  }
  set image(value: string) {
    this.#image = value;
  }
  get pki(): Pki {
    return made(this.#pki, 'pki');
  }
  set pki(value: Pki) {
    this.#pki = value;
  }
  get plan(): ClusterPlan {
    return made(this.#plan, 'plan');
  }
  set plan(value: ClusterPlan) {
    this.#plan = value;
  }
  get fabric(): Fabric {
    return made(this.#fabric, 'fabric');
  }
  set fabric(value: Fabric) {
    this.#fabric = value;
  }
  get machines(): readonly RunningMachine[] {
    return made(this.#machines, 'machines');
  }
  set machines(value: readonly RunningMachine[]) {
    this.#machines = value;
  }
}

const made = <T>(value: T | undefined, what: string): T => {
  if (value === undefined) throw new Error(`a step reads "${what}" before any step made it`);
  return value;
};
