// The shape of lab.yaml: the only source of validation, of defaults and of the published JSON Schema.
import * as z from 'zod';
import { identifier, localized, zeroOrMore } from '../grade/checks/fields.ts';
import { clusterSchema } from './cluster.ts';
import { paramsSchema } from './params.ts';
import { checkSchema } from './schema-checks.ts';
import { faultSchema } from './schema-faults.ts';
import { timeLimitSchema } from './time-limit.ts';

const hint = z.union([
  localized.transform((text) => ({ text, cost: 0 })),
  z.strictObject({
    text: localized.meta({ description: 'The hint.' }),
    cost: z
      .number()
      .min(0)
      .max(1000)
      .default(0)
      .meta({ description: 'The points of the task that reading it costs.', examples: [1] }),
  }),
]);

const version = z
  .string()
  .regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/, { error: (issue) => `"${issue.input}" is not a version such as 1.0.0` })
  .meta({
    description: 'The version of the lab, as in semver.org. `labs pack` names its file by it.',
    examples: ['1.0.0'],
  });

const taskSchema = z.strictObject({
  id: identifier,
  title: localized.meta({ description: 'What the task is about. Students see it in all lists.' }),
  text: z
    .string()
    .exactOptional()
    .meta({
      description:
        'The task’s Markdown file. Default: tasks/ID.md with the task’s id. The Korean text is beside it: tasks/ID.ko.md.',
      examples: ['tasks/web.md'],
    }),
  needs: zeroOrMore(identifier).meta({
    description:
      'Earlier tasks that must be done first. Until then this task is locked: it cannot begin, and its checks are blocked.',
    examples: ['build', ['build', 'route']],
  }),
  fault: faultSchema.exactOptional(),
  hints: z
    .array(hint)
    .default([])
    .meta({
      description: 'Hints, from a question to a command. `labs hint` shows one more each time.',
      examples: [['Which pods does it select?', { text: 'kubectl get endpointslices', cost: 1 }]],
    }),
  setup: z
    .string()
    .exactOptional()
    .meta({
      description: 'A script that exports setup(lab); run when the student begins the task.',
      examples: ['solve/web.ts'],
    }),
  solve: z
    .union([z.string(), z.literal(false)])
    .exactOptional()
    .meta({
      description: 'A script that exports solve(lab). false: labs must not solve the fault of the task.',
      examples: ['solve/web.ts'],
    }),
  clear: z
    .string()
    .exactOptional()
    .meta({
      description:
        'A script that exports clear(lab), which removes what the task makes. Default: the script of setup or of solve, ' +
        'if it exports clear.',
      examples: ['solve/web.ts'],
    }),
  wrong: z
    .array(z.string())
    .exactOptional()
    .meta({
      description: 'Scripts that export cheat(lab): wrong solutions. `labs test` tries each one; it must lose points.',
      examples: [['solve/cheat.ts']],
    }),
  checks: z.array(checkSchema).min(1).meta({ description: 'What must be the case in the end.' }),
});

/** A whole lab.yaml. */
export const labSchema = z
  .strictObject({
    apiVersion: z.literal('labs/v1').meta({ description: 'The version of this format.' }),
    name: identifier.meta({ description: 'The name of the lab, as its folder is called.', examples: ['my-lab'] }),
    title: localized.meta({
      description: 'The title of the lab.',
      examples: ['Services', { en: 'Services', ko: '서비스' }],
    }),
    summary: localized.meta({
      description: 'What students learn, in one sentence. `labs list` shows it.',
      examples: ['How a service reaches its pods.'],
    }),
    version: version.exactOptional(),
    timeLimit: timeLimitSchema.exactOptional(),
    cluster: clusterSchema,
    params: paramsSchema.exactOptional(),
    images: z
      .array(z.string().min(1))
      .default([])
      .meta({
        description: 'Images that `labs image load` must have loaded before the lab can start.',
        examples: [['nginx:1.27']],
      }),
    manifests: z
      .array(z.string())
      .default([])
      .meta({
        description: 'YAML files that are applied once the nodes are Ready. The start waits for their pods.',
        examples: [['manifests/web.yaml']],
      }),
    setup: z
      .string()
      .exactOptional()
      .meta({
        description:
          'A script that exports setup(lab); run at the first start of the lab, after the manifests. It may export ' +
          'resume(lab), which makes again what a restart of the machines loses, such as routes and rules.',
        examples: ['setup.ts'],
      }),
    restore: z
      .string()
      .exactOptional()
      .meta({
        description: 'A script that exports restore(lab); run by `labs goto` and `labs reset TASK` before anything.',
        examples: ['solve/nodes.ts'],
      }),
    tasks: z.array(taskSchema).min(1).meta({ description: 'What there is to do, in this order.' }),
  })
  .meta({ title: 'Lab', description: 'A lab for `labs`: its cluster, and the tasks with their checks.' });

export type LabInput = z.output<typeof labSchema>;
export type TaskInput = LabInput['tasks'][number];

/** The JSON Schema that editors complete from (schema/lab.schema.json). */
export const labJsonSchema = (): Record<string, unknown> =>
  z.toJSONSchema(labSchema, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    // zod takes the examples of a field for values after its transformation, and drops them. Here they are as written.
    override: ({ zodSchema, jsonSchema }) => {
      const { examples } = z.globalRegistry.get(zodSchema) ?? {};
      if (Array.isArray(examples)) jsonSchema.examples = examples;
      if ((zodSchema as unknown) !== taskSchema) return;
      // A fault brings the title and the checks.
      jsonSchema.required = ['id'];
      jsonSchema.anyOf = [{ required: ['title', 'checks'] }, { required: ['fault'] }];
    },
  }) as Record<string, unknown>;
