// The shape of lab.yaml: the only source of validation, of defaults and of the published JSON Schema.
import * as z from 'zod';
import { identifier, localized } from '../grade/checks/fields.ts';
import { clusterSchema } from './cluster.ts';
import { paramsSchema } from './params.ts';
import { checkSchema } from './schema-checks.ts';

const hint = z.union([
  localized.transform((text) => ({ text, cost: 0 })),
  z.strictObject({
    text: localized,
    cost: z.number().min(0).max(1000).default(0).meta({ description: 'The points of the task that reading it costs.' }),
  }),
]);

const version = z
  .string()
  .regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/, { error: (issue) => `"${issue.input}" is not a version such as 1.0.0` })
  .meta({ description: 'The version of the lab, as in semver.org. `labs pack` names its file by it.' });

const taskSchema = z.strictObject({
  id: identifier,
  title: localized,
  text: z.string().exactOptional().meta({
    description:
      'The task’s Markdown file. Default: tasks/ID.md with the task’s id. The Korean text is beside it: tasks/ID.ko.md.',
  }),
  hints: z.array(hint).default([]),
  setup: z
    .string()
    .exactOptional()
    .meta({ description: 'A script that exports setup(lab); run when the student begins the task.' }),
  solve: z.string().exactOptional().meta({ description: 'A script that exports solve(lab).' }),
  clear: z
    .string()
    .exactOptional()
    .meta({
      description:
        'A script that exports clear(lab), which removes what the task makes. Default: the script of setup or of solve, ' +
        'if it exports clear.',
    }),
  wrong: z.array(z.string()).exactOptional().meta({
    description: 'Scripts that export cheat(lab): wrong solutions. `labs test` tries each one; it must lose points.',
  }),
  checks: z.array(checkSchema).min(1),
});

/** A whole lab.yaml. */
export const labSchema = z
  .strictObject({
    apiVersion: z.literal('labs/v1'),
    name: identifier,
    title: localized,
    summary: localized,
    version: version.exactOptional(),
    cluster: clusterSchema,
    params: paramsSchema.exactOptional(),
    images: z.array(z.string().min(1)).default([]).meta({
      description: 'Images that `labs image load` must have loaded before the lab can start: [nginx:1.27].',
    }),
    manifests: z.array(z.string()).default([]).meta({
      description: 'YAML files that are applied once the nodes are Ready. The start waits for their pods.',
    }),
    setup: z.string().exactOptional().meta({
      description: 'A script that exports setup(lab); run at the first start of the lab, after the manifests.',
    }),
    restore: z.string().exactOptional().meta({
      description: 'A script that exports restore(lab); run by `labs goto` and `labs reset TASK` before anything.',
    }),
    tasks: z.array(taskSchema).min(1),
  })
  .meta({ title: 'Lab', description: 'A lab for `labs`: its cluster, and the tasks with their checks.' });

export type LabInput = z.output<typeof labSchema>;
export type TaskInput = LabInput['tasks'][number];

/** The JSON Schema that editors complete from (schema/lab.schema.json). */
export const labJsonSchema = (): Record<string, unknown> =>
  z.toJSONSchema(labSchema, { io: 'input', target: 'draft-7', unrepresentable: 'any' }) as Record<string, unknown>;
