// What a LabDefinition has in place of the paths of scripts, for a task with faults. So nothing else needs to know that
// the code is not in the lab's folder. It loads no fault, because each process for scripts needs it.
import type { Params, Values } from './params.ts';

/** A fault with the values of its parameters. */
export interface FaultUse {
  readonly name: string;
  readonly values: Values<Params>;
}

/** Which of the functions that a fault can have many of. */
export interface Choice {
  /** A wrong solution: exported as `cheat`. */
  readonly cheat?: string;
  /** The id of a check of the type `script`: exported as `check`. */
  readonly look?: string;
}

const scheme = 'fault:';

export const isFaultScript = (file: string): boolean => file.startsWith(scheme);

export const faultScript = (uses: readonly FaultUse[], choice: Choice = {}): string =>
  scheme + JSON.stringify({ uses, ...choice });

export const readReference = (file: string): Choice & { readonly uses: readonly FaultUse[] } =>
  JSON.parse(file.slice(scheme.length));

/** In messages: the names of the faults would give a task away. */
export const shownScript = (file: string): string => (isFaultScript(file) ? 'src/host/faults' : file);
