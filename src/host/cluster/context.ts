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

/** The cluster that `labs start` asks for. */
export interface StartRequest {
  readonly plan: Omit<PlanInput, 'image'>;
  /** Builds the node image and the pod images if they are missing. @returns the node image's reference */
  readonly ensureImage: (signal: AbortSignal, onProgress: (line: string) => void) => Promise<string>;
  readonly bundles: Bundles;
  /** Prepares the lab before the student sees it. Not called on a resume. */
  readonly setup?: (cluster: Cluster, signal: AbortSignal) => Promise<void>;
}

/** The steps fill it one after the other. Reading a value that no step has set throws: the reader lacks a `needs`. */
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
  /** On a resume: when the wait for all conditions together ends, by `performance.now()`. */
  patienceEnds: number | undefined;
  /** On a resume: the machines that do not run yet. */
  stopped: readonly Machine[] = [];
  /** On a resume: whether a start of this cluster has ever finished. */
  completed = false;
  /** The port of the way in, when it is open. */
  wayIn: number | undefined;
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
    return required(this.#image, 'image');
  }
  set image(value: string) {
    this.#image = value;
  }
  get pki(): Pki {
    return required(this.#pki, 'pki');
  }
  set pki(value: Pki) {
    this.#pki = value;
  }
  get plan(): ClusterPlan {
    return required(this.#plan, 'plan');
  }
  set plan(value: ClusterPlan) {
    this.#plan = value;
  }
  get fabric(): Fabric {
    return required(this.#fabric, 'fabric');
  }
  set fabric(value: Fabric) {
    this.#fabric = value;
  }
  get machines(): readonly RunningMachine[] {
    return required(this.#machines, 'machines');
  }
  set machines(value: readonly RunningMachine[]) {
    this.#machines = value;
  }
}

const required = <T>(value: T | undefined, what: string): T => {
  if (value === undefined) throw new Error(`a step reads "${what}" before any step made it`);
  return value;
};
