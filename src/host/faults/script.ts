// The scripts of a task with faults. A LabDefinition names them as it names files, so that nothing else needs to know
// that the code is not in the lab's folder.
import type { LabHandle, ResumeScript, SetupScript } from '../../api/script.ts';
import type { AnyFault } from './fault.ts';
import { findFault } from './library.ts';
import type { Params, Values } from './params.ts';
import { clearScene, makeScene } from './scene.ts';

/** A fault with the values of its parameters. */
export interface FaultUse {
  readonly name: string;
  readonly values: Values<Params>;
}

/** Which of the functions that faults can have many of. */
export interface Chosen {
  /** A wrong solution: exported as `cheat`. */
  readonly cheat?: string;
  /** The id of a check of the type `script`: exported as `check`. */
  readonly look?: string;
}

const scheme = 'fault:';

export const isFaultScript = (file: string): boolean => file.startsWith(scheme);

/** What a LabDefinition has in place of the path of a script. */
export const faultScript = (uses: readonly FaultUse[], chosen: Chosen = {}): string =>
  scheme + JSON.stringify({ uses, ...chosen });

/** In messages: the names of the faults would give a task away. */
export const shownScript = (file: string): string => (isFaultScript(file) ? 'of the fault' : file);

type Functions = Readonly<Record<string, (lab: LabHandle) => Promise<unknown>>>;

/** The functions that such a script exports. */
export const faultFunctions = (file: string): Functions => {
  const { uses, cheat, look } = JSON.parse(file.slice(scheme.length)) as { uses: readonly FaultUse[] } & Chosen;
  const known = uses.map((use) => ({ fault: faultNamed(use.name), values: use.values }));
  const [first] = known;
  if (cheat !== undefined) return first ? { cheat: (lab) => call(first.fault.cheats?.[cheat], lab, first.values) } : {};
  if (look !== undefined) return first ? { check: (lab) => call(first.fault.looks?.[look], lab, first.values) } : {};
  return { setup: setupOf(known), resume: resumeOf(known), solve: solveOf(known), clear: clearOf(known) };
};

interface Known {
  readonly fault: AnyFault;
  readonly values: Values<Params>;
}

const faultNamed = (name: string): AnyFault => {
  const fault = findFault(name);
  if (!fault) throw new Error(`there is no fault "${name}"`);
  return fault;
};

const call = (
  named: ((lab: LabHandle, values: Values<Params>) => Promise<unknown>) | undefined,
  lab: LabHandle,
  values: Values<Params>,
): Promise<unknown> => {
  if (!named) throw new Error('the fault has no such function');
  return named(lab, values);
};

/** All scenes are whole before anything is broken: faults of one task may share a scene. */
const setupOf =
  (known: readonly Known[]): SetupScript =>
  async (lab) => {
    for (const { fault, values } of known) await fault.mend(lab, values);
    for (const { fault, values } of known) await makeScene(lab, fault.scene(values));
    for (const { fault, values } of known) await fault.break(lab, values);
  };

const resumeOf =
  (known: readonly Known[]): ResumeScript =>
  async (lab) => {
    const healed = known.filter(({ fault }) => fault.restart === 'heals');
    const kept = known.filter(({ fault }) => fault.restart === 'keeps').map(({ values }) => values.service);
    // Making the scene would mend a fault of the API server in the same scene.
    for (const { fault, values } of healed)
      if (!kept.includes(values.service)) await makeScene(lab, fault.scene(values));
    for (const { fault, values } of healed) await fault.break(lab, values);
    return healed.length > 0;
  };

const solveOf =
  (known: readonly Known[]): SetupScript =>
  async (lab) => {
    for (const { fault, values } of known) await fault.mend(lab, values);
  };

const clearOf =
  (known: readonly Known[]): SetupScript =>
  async (lab) => {
    for (const { fault, values } of known) await fault.mend(lab, values);
    for (const { fault, values } of known) await clearScene(lab, fault.scene(values));
  };
