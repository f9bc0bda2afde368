// What evidence holds, as files of JSON: `about.json`, `student.json`, `facts/NNNN.json`, `checks.json`, `report.json`.
import * as z from 'zod';
import { reportSchema } from '../../api/report.ts';
import { accessRoles } from '../grade/access.ts';
import { clockSchema, countedSchema, eventSchema } from '../tasks/progress-file.ts';

const texts = z.record(z.string(), z.string());

export const aboutSchema = z.object({
  lab: z.object({
    name: z.string(),
    /** As `LabDefinition.digest`: over the whole folder of the lab. */
    digest: z.string(),
    /** The hash of each file of that folder. */
    files: texts,
  }),
  /** The name and the id of the running lab. */
  name: z.string(),
  instance: z.string(),
  gradedAt: z.iso.datetime(),
  durationMs: z.number(),
  language: z.enum(['en', 'ko']),
  versions: z.object({
    labs: z.string(),
    node: z.string(),
    docker: z.string(),
    kernel: z.string(),
    /** Absent: the API server did not answer. */
    kubernetes: z.string().exactOptional(),
  }),
  /** Of `labs grade --submission`. */
  submission: reportSchema.shape.submission,
  /** Root of a node was root of the engine's machine. */
  unsafeNodes: z.literal(true).exactOptional(),
  machines: z.array(
    z.object({
      name: z.string(),
      role: z.enum(accessRoles),
      address: z.string(),
      links: z
        .array(
          z.object({
            interface: z.string(),
            address: z.string().exactOptional(),
            bridge: z.string().exactOptional(),
            port: z.string().exactOptional(),
          }),
        )
        .readonly()
        .exactOptional(),
    }),
  ),
});

export const studentSchema = z.object({
  answers: texts,
  verified: texts,
  begun: z.array(z.string()),
  /** How many hints were read, by task. */
  hints: z.record(z.string(), z.int().nonnegative()),
  passedAt: texts,
  solved: z.array(z.string()),
  skipped: z.record(z.string(), z.array(z.string())),
  history: z.array(eventSchema),
  clock: clockSchema.exactOptional(),
  counted: countedSchema.default({}),
  /** How often each question was answered, and when: what `history` says, in short. */
  attempts: z.record(
    z.string(),
    z.object({ tries: z.int(), wrong: z.int(), first: z.iso.datetime(), last: z.iso.datetime() }),
  ),
});

export const factSchema = z.object({
  /** What was asked. All of these questions have the same answer. */
  requests: z.array(z.looseObject({ kind: z.string() })).min(1),
  answer: z.union([
    z.object({ ok: z.literal(true), value: z.json() }),
    z.object({ ok: z.literal(false), cause: z.string(), code: z.string().exactOptional() }),
  ]),
});

const outcomeSchema = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('pass'), observed: z.string() }),
  z.object({
    outcome: z.literal('fail'),
    expected: z.string(),
    observed: z.string(),
    hint: z.string().exactOptional(),
    unclear: z.literal(true).exactOptional(),
    share: z.number().exactOptional(),
  }),
  z.object({ outcome: z.literal('blocked'), by: z.string() }),
  z.object({ outcome: z.literal('broken'), cause: z.string() }),
]);

export const evaluationSchema = z.object({
  outcome: outcomeSchema,
  expected: z.string(),
  retry: z.enum(['within', 'never', 'restart']),
});

export const checksSchema = z.array(
  z.object({
    /** `task/check` */
    check: z.string(),
    durationMs: z.number(),
    /** The numbers of the facts that the verdict rests on. */
    facts: z.array(z.int().positive()),
    /** The verdict, where a fact has a secret that evidence must not hold, so nobody can judge it again. */
    verdict: evaluationSchema.exactOptional(),
  }),
);

export type About = z.output<typeof aboutSchema>;
export type StudentPart = z.output<typeof studentSchema>;
export type KeptFact = z.output<typeof factSchema>;
export type KeptCheck = z.output<typeof checksSchema>[number];

export interface Content {
  readonly about: About;
  readonly student: StudentPart;
  /** The fact with the number 1 comes first. */
  readonly facts: readonly KeptFact[];
  readonly checks: readonly KeptCheck[];
}

export const reportPart = reportSchema;

export const names = {
  about: 'about.json',
  student: 'student.json',
  checks: 'checks.json',
  report: 'report.json',
  signature: 'signature.json',
  fact: (number: number): string => `facts/${String(number).padStart(4, '0')}.json`,
} as const;
