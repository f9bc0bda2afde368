// The report of a grading, versioned. Every other format is made from this one. The schema is the only source of the
// type, and of the published schema/report.schema.json.
import * as z from 'zod';

export const reportVersion = 'labs.report/v1';

const time = z.iso.datetime().meta({ description: 'RFC 3339, UTC.' });
const points = z.number().nonnegative();

export const studentEvents = ['answer', 'hint', 'solve', 'goto', 'reset', 'redo', 'clock', 'extend'] as const;

const studentEventSchema = z.object({
  at: time,
  what: z.enum(studentEvents).meta({
    description:
      'solve, goto: labs did the task. reset without a task: the whole lab. redo: the task was done, a restart of the ' +
      'machines lost a part of it, and labs did it again. clock: the time of an exam began. extend: more time was ' +
      'given.',
  }),
  task: z.string().optional(),
  check: z.string().optional().meta({ description: 'For an answer: the question.' }),
  right: z.boolean().optional().meta({ description: 'For an answer: whether it was right.' }),
  seconds: z.number().optional().meta({ description: 'For clock and extend: how much time.' }),
});

const guessingSchema = z
  .object({
    check: z.string().meta({ description: 'The question’s check.' }),
    title: z.string(),
    wrong: z.int().positive().meta({ description: 'Wrong answers within one minute, the most that there were.' }),
    at: time.meta({ description: 'When that minute began: RFC 3339, UTC.' }),
  })
  .meta({ description: 'Many wrong answers to one question in a short time.' });

const checkReportSchema = z.object({
  id: z.string(),
  title: z.string(),
  outcome: z.enum(['pass', 'fail', 'blocked', 'broken']).meta({
    description:
      'fail is the student’s fault. blocked: a check or task that comes first is not done. broken is a fault of the ' +
      'lab or the machine.',
  }),
  points,
  maxPoints: points,
  expected: z.string().meta({ description: 'What the check expects, as a phrase.' }),
  observed: z.string().meta({
    description: 'What was seen, as a phrase. For blocked: what blocks the check. For broken: what broke.',
  }),
  hint: z.string().exactOptional(),
  visibility: z.enum(['afterDue', 'never']).exactOptional().meta({
    description: 'The check is hidden from the student: until the due date, or for good.',
  }),
  unclear: z.literal(true).exactOptional().meta({
    description:
      'The answer was not understood: neither right nor wrong. observed and hint say which form it should have.',
  }),
  blockedBy: z.string().exactOptional().meta({ description: 'For blocked by another check: its TASK/CHECK.' }),
  durationMs: z.number().nonnegative(),
});

const taskReportSchema = z.object({
  id: z.string(),
  number: z.int().positive().meta({ description: 'The task’s number in the lab, from 1.' }),
  title: z.string(),
  score: points,
  maxScore: points,
  hintCost: z.number().positive().exactOptional().meta({
    description: 'The points that the hints cost which the student has read. score is without them, and at least 0.',
  }),
  passedAt: time.exactOptional().meta({
    description: 'When the task passed for the first time: RFC 3339, UTC. The score is about the present state.',
  }),
  solved: z.literal(true).exactOptional().meta({ description: 'labs solved the task for the student.' }),
  skipped: z.literal(true).exactOptional().meta({
    description: '`labs goto` did the task. Only checks that had passed before give points; the others are blocked.',
  }),
  waitsFor: z.array(z.string()).exactOptional().meta({
    description: 'The task is locked: these tasks must be done first. Its checks are blocked.',
  }),
  guessed: z.array(guessingSchema).exactOptional().meta({
    description: 'Questions whose answers may have been found by trying.',
  }),
  checks: z.array(checkReportSchema),
});

const submissionSchema = z.object({
  digest: z.string().meta({ description: 'The hash of the files that were handed in.' }),
  steps: z.array(
    z.object({
      step: z.string().meta({ description: 'The file, the task that began, or the answers.' }),
      outcome: z.enum(['done', 'failed']),
      message: z.string().exactOptional().meta({ description: 'What went wrong.' }),
      durationMs: z.int().nonnegative(),
    }),
  ),
});

const timeLimitSchema = z.object({
  seconds: z.number().positive().meta({ description: 'The time limit of the lab.' }),
  extendedSeconds: z.number().nonnegative().meta({ description: 'What `labs extend` has given beside it.' }),
  startedAt: time.meta({ description: 'When the lab was ready for the first time: RFC 3339, UTC.' }),
  endsAt: time.meta({ description: 'When the time is over: RFC 3339, UTC.' }),
  over: z.boolean().meta({ description: 'Whether the time was over when the lab was graded.' }),
  resets: z.int().nonnegative().meta({
    description: 'How often the whole lab was built anew by `labs reset`. The time went on.',
  }),
  counted: z
    .array(
      z.object({
        task: z.string(),
        score: points,
        since: time.exactOptional().meta({
          description: 'Since when gradings in time said so. Absent: the task was not graded in time.',
        }),
      }),
    )
    .exactOptional()
    .meta({
      description:
        'If the time was over: what counts, the latest grading of each task before the end. The scores, points and ' +
        'outcomes of `tasks` are the same.',
    }),
});

export const reportSchema = z
  .object({
    version: z.literal(reportVersion),
    lab: z.string().meta({ description: 'The lab’s name, e.g. service-networking.' }),
    name: z.string().meta({
      description: 'The name of the running lab. It is the same as `lab` unless the lab was started with --name.',
    }),
    seed: z.string().exactOptional().meta({ description: 'What the values of the lab’s parameters were drawn from.' }),
    student: z.string().exactOptional().meta({ description: 'Whose lab it is: `labs start --student`.' }),
    unsafeNodes: z
      .literal(true)
      .exactOptional()
      .meta({
        description:
          'The nodes ran without a user namespace (`labs start --unsafe-nodes`): ' +
          'root in a node was root on the machine of the Docker engine, and could change what was graded and the grading.',
      }),
    gradedAt: time,
    durationMs: z.int().nonnegative(),
    score: points,
    maxScore: points,
    broken: z.boolean().meta({ description: 'Whether any check is broken. Then the real score may be higher.' }),
    tasks: z.array(taskReportSchema),
    submission: submissionSchema.exactOptional().meta({
      description: 'Of `labs grade --submission`: what was done with the files, in this order.',
    }),
    timeLimit: timeLimitSchema.exactOptional().meta({ description: 'Of an exam: a lab with a time limit.' }),
    history: z.array(studentEventSchema).exactOptional().meta({
      description:
        'What the student did, oldest first: answers that were tried, hints, solutions, resets. Only the latest 5000.',
    }),
  })
  .meta({
    title: 'Report',
    description: 'What `labs grade --json` prints. Later versions of labs may add fields, but change none of these.',
  });

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

export type Report = DeepReadonly<z.output<typeof reportSchema>>;
export type TaskReport = Report['tasks'][number];
export type CheckReport = TaskReport['checks'][number];

/** Not by the score: hints cost points, also of a task whose checks all pass. */
export const passesNow = ({ checks }: Pick<TaskReport, 'checks'>): boolean =>
  checks.every(({ outcome }) => outcome === 'pass');

export type StudentEvent = DeepReadonly<z.output<typeof studentEventSchema>>;
export type Guessing = DeepReadonly<z.output<typeof guessingSchema>>;

/** @param strict also refuses fields that the schema does not name, which a reader must not */
export const reportJsonSchema = ({ strict = false } = {}): Record<string, unknown> => {
  const schema = z.toJSONSchema(reportSchema, { io: strict ? 'output' : 'input', target: 'draft-7' });
  return schema as Record<string, unknown>;
};

/**
 * The outcome of a check. `fail` is the student's fault; `broken` is a fault of the lab or the machine.
 * `blocked`: a check or task that comes first is not done.
 */
export type Outcome =
  | { readonly outcome: 'pass'; readonly observed: string }
  | {
      readonly outcome: 'fail';
      readonly expected: string;
      readonly observed: string;
      /** What `reveal: symptom` shows instead of `observed`. */
      readonly symptom?: string;
      readonly hint?: string;
      readonly unclear?: true;
      /** From 0 to 1: the part of the check's points that the student gets all the same. */
      readonly share?: number;
    }
  | { readonly outcome: 'blocked'; readonly by: string }
  | { readonly outcome: 'broken'; readonly cause: string };
