// The data that the steps of a bring-up share: the request, and the results of earlier steps.
import type { UndoStack } from '../../kit/undo.ts';
import type { Containers } from '../docker/port.ts';
import type { Pki } from '../plan/identities.ts';
import type { PlanInput } from '../plan/plan.ts';
import type { ClusterPlan } from '../plan/types.ts';
import type { Fabric } from './fabric.ts';
import type { Bundles } from './install.ts';
import type { Machine, RunningMachine } from './machines.ts';
import type { Cluster } from './open.ts';

/** A cluster as `labs start` wants it. */
export interface StartRequest {
  readonly plan: Omit<PlanInput, 'image'>;
  /** Builds the node image and the pod images if they are missing. @returns the node image's reference */
  readonly ensureImage: (signal: AbortSignal, onProgress: (line: string) => void) => Promise<string>;
  readonly bundles: Bundles;
  /** Prepares the lab before the student sees it. Not called on a resume. */
  readonly setup?: (cluster: Cluster, signal: AbortSignal) => Promise<void>;
}

/** Filled step by step. Reading a value that no earlier step has set is a defect of the list of steps, and throws. */
export class BringUp {
  readonly containers: Containers;
  readonly request: StartRequest;
  readonly undo: UndoStack;
  readonly onProgress: (line: string) => void;
  /** Container ids by machine. */
  readonly ids = new Map<string, string>();
  /** On a resume: a student may have broken the cluster on purpose, so problems are warnings, not failures. */
  lenient = false;
  readonly warnings: string[] = [];
  /** By `performance.now()`: the end of the time that a lenient bring-up waits for all conditions together. */
  patienceEnds: number | undefined;
  /** On a resume: the machines that do not run yet. */
  stopped: readonly Machine[] = [];
  /** On a resume: whether a start of this cluster has ever finished. */
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

  /** Closes the connection to the fabric, if there is one. */
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
