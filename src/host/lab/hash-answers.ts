// Replaces the right answers in the data of a lab.yaml by salted hashes, for the edition that students get.
import { hashAnswers } from '../grade/hashed.ts';
import { listOf, type Raw } from './raw.ts';

export interface Hashed {
  /** The data with `hash` in place of `equals`. */
  readonly lab: Raw;
  /** `task/check` of the questions whose right answers can still be read: `matches`, and `equals` with a template. */
  readonly readable: readonly string[];
}

/** @param lab valid data, as parsed from YAML. @param saltOf the salt of a question `task/check`; random by default */
export const hashLabAnswers = async (lab: Raw, saltOf?: (question: string) => string): Promise<Hashed> => {
  const readable: string[] = [];
  const hashed = async (task: Raw, check: Raw): Promise<Raw> => {
    const { equals, ...rest } = check;
    if (check.type !== 'answer') return check;
    const rights = (Array.isArray(equals) ? equals : [equals]).map(String);
    if (equals !== undefined && !rights.some((text) => text.includes('${'))) {
      const hash = await hashAnswers(rights, saltOf?.(`${task.id}/${check.id}`));
      return { ...rest, hash };
    }
    if (equals !== undefined || check.matches !== undefined) readable.push(`${task.id}/${check.id}`);
    return check;
  };
  const tasks: Raw[] = [];
  for (const task of listOf(lab.tasks)) {
    if (task.checks === undefined) {
      tasks.push(task);
      continue;
    }
    const checks = await Promise.all(listOf(task.checks).map((check) => hashed(task, check)));
    tasks.push({ ...task, checks });
  }
  return { lab: { ...lab, tasks }, readable };
};
