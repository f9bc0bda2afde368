// What labs and the process that runs a lab's scripts tell each other. Values are copied (structured clone).
import type { HandleFacts } from './calls.ts';

export type ToScript =
  | {
      readonly do: 'run';
      readonly job: number;
      /** The absolute path of the script. */
      readonly file: string;
      /** The first of these functions that the script exports is called. */
      readonly names: readonly string[];
      readonly handle: HandleFacts;
      /** Whether the script may answer questions. */
      readonly answers: boolean;
    }
  | { readonly do: 'list'; readonly job: number; readonly file: string }
  | { readonly do: 'answer'; readonly call: number; readonly value: unknown }
  | { readonly do: 'refuse'; readonly call: number; readonly message: string }
  | { readonly do: 'ping' };

export type FromScript =
  | {
      readonly say: 'call';
      readonly job: number;
      readonly call: number;
      /** A function of `LabCalls`. */
      readonly method: string;
      readonly args: readonly unknown[];
    }
  /** @param value what the function resolved with, or for `list` the names of the exported functions */
  | { readonly say: 'done'; readonly job: number; readonly value: unknown }
  | { readonly say: 'failed'; readonly job: number; readonly problem: Problem }
  /** An error outside of every function, such as a promise that nobody awaits. The process ends. */
  | { readonly say: 'lost'; readonly problem: Problem }
  | { readonly say: 'pong' };

export interface Problem {
  readonly why: 'not loaded' | 'no export' | 'thrown';
  readonly message: string;
  readonly stack: string;
  /** The call of labs that failed, if the script passed its error on. */
  readonly call?: number;
}
