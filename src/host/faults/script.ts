// The functions of a task with faults, which other tasks have in scripts.
import type { LabHandle, ResumeScript, SetupScript } from '../../api/script.ts';
import type { AnyFault } from './fault.ts';
import { findFault } from './library.ts';
import type { Params, Values } from './params.ts';
import { readReference } from './reference.ts';
import { clearScene, makeScene } from './scene.ts';

type Functions = Readonly<Record<string, (lab: LabHandle) => Promise<unknown>>>;

/** The functions that such a script exports. */
export const faultFunctions = (file: string): Functions => {
  const { uses, cheat, look } = readReference(file);
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
