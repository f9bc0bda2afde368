// The facts that a lab's own scripts gather: the verdict of a check, the answers that are right.
import * as z from 'zod';
import type { ScriptVerdict } from '../../api/script.ts';
import type { LabCalls } from '../script/calls.ts';
import { wrongResult } from '../script/problems.ts';
import type { Scripts } from '../script/scripts.ts';

export interface ScriptedFact {
  readonly file: string;
  readonly calls: LabCalls;
  /** Default: as the default of a check's `timeout`. */
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

const text = z.union([z.string(), z.strictObject({ en: z.string(), ko: z.string().exactOptional() })]);

const verdictSchema = z.discriminatedUnion('pass', [
  z.strictObject({ pass: z.literal(true), observed: text }),
  z.strictObject({
    ...{ pass: z.literal(false), expected: text, observed: text, hint: text.exactOptional() },
    points: z.number().nonnegative().exactOptional(),
  }),
]);

const expectedSchema = z.union([
  z
    .string()
    .min(1)
    .transform((one) => [one]),
  z.array(z.string().min(1)).min(1),
]);

/** @throws LabError `LAB_SCRIPT_BROKEN`, `LAB_SCRIPT_FAILED` */
export const runCheck = async (scripts: Scripts, fact: ScriptedFact): Promise<ScriptVerdict> => {
  const result = verdictSchema.safeParse(await run(scripts, fact, 'check'));
  if (result.success) return result.data;
  const must = '{ pass: true, observed } or { pass: false, expected, observed }';
  throw wrongResult(fact.file, 'check', { must, problem: problemsOf(result.error) });
};

/** @throws LabError `LAB_SCRIPT_BROKEN`, `LAB_SCRIPT_FAILED` */
export const runExpected = async (scripts: Scripts, fact: ScriptedFact): Promise<readonly string[]> => {
  const result = expectedSchema.safeParse(await run(scripts, fact, 'expected'));
  if (result.success) return result.data;
  const must = 'a text or a list of texts';
  throw wrongResult(fact.file, 'expected', { must, problem: problemsOf(result.error) });
};

const run = (scripts: Scripts, { file, calls, timeoutMs = 10_000, signal }: ScriptedFact, name: string) =>
  scripts.run(file, { names: [name], calls, timeoutMs, repeatable: true, signal });

/** Names fields and types only. */
const problemsOf = ({ issues }: z.ZodError): string =>
  issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': ')).join('; ');
