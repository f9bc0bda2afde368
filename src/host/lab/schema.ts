// The shape of lab.yaml, as its author writes it: the one source of validation, of defaults and of the published JSON Schema.
import { z } from 'zod';
import { proxyModes } from '../../api/proxy-modes.ts';
import { parseCidr, parseIpv4 } from '../../api/scalars.ts';
import { checkSchema } from './schema-checks.ts';
import { cleanly, identifier, localized } from './schema-parts.ts';

const cidr = z
  .string()
  .superRefine(cleanly(parseCidr))
  .transform(parseCidr)
  .meta({ description: 'A network such as 10.244.0.0/16.' });
const ipv4 = z.string().superRefine(cleanly(parseIpv4)).transform(parseIpv4);

const machineName = z
  .string()
  .regex(/^[a-z]([-a-z0-9]{0,13}[a-z0-9])?$/, {
    error: (issue) =>
      `"${issue.input}" is not a machine name: at most 15 small letters, digits and dashes, a letter first`,
  })
  .meta({ description: 'A machine’s name and host name: at most 15 small letters, digits and dashes.' });

const clusterSchema = z
  .strictObject({
    nodes: z
      .array(
        z.strictObject({
          name: machineName,
          role: z.enum(['control-plane', 'worker']).default('worker'),
        }),
      )
      .min(1)
      .meta({ description: 'In the order of the pod subnets. Exactly one is the control plane.' }),
    clients: z.array(z.strictObject({ name: machineName })).default([{ name: 'client' }]),
    nodeCidr: cidr.prefault('192.168.56.0/24'),
    podCidr: cidr.prefault('10.244.0.0/16'),
    serviceCidr: cidr.prefault('10.96.0.0/12'),
    dnsAddress: ipv4.exactOptional().meta({ description: 'Default: the tenth address of serviceCidr.' }),
    podNetwork: z.enum(['routes', 'vxlan']).default('routes'),
    proxy: z
      .strictObject({
        mode: z.enum(proxyModes).exactOptional(),
        verbosity: z.int().min(0).max(10).default(4),
      })
      .prefault({}),
  })
  .meta({ description: 'The machines and networks of the lab.' });

const taskSchema = z.strictObject({
  id: identifier,
  title: localized,
  text: z.string().exactOptional().meta({
    description:
      'The task’s Markdown, e.g. tasks/first-look.md, the default for first-look. Korean: tasks/first-look.ko.md.',
  }),
  hints: z.array(localized).default([]),
  setup: z
    .string()
    .exactOptional()
    .meta({ description: 'A script that exports setup(lab); run when the learner begins the task.' }),
  solve: z.string().exactOptional().meta({ description: 'A script that exports solve(lab).' }),
  checks: z.array(checkSchema).min(1),
});

/** A whole lab.yaml. */
export const labSchema = z
  .strictObject({
    apiVersion: z.literal('labs/v1'),
    name: identifier,
    title: localized,
    summary: localized,
    cluster: clusterSchema,
    tasks: z.array(taskSchema).min(1),
  })
  .meta({ title: 'Lab', description: 'A lab for `labs`: its cluster, and the tasks with their checks.' });

export type LabInput = z.output<typeof labSchema>;
export type TaskInput = LabInput['tasks'][number];

/** The JSON Schema that editors complete from (schema/lab.schema.json). */
export const labJsonSchema = (): Record<string, unknown> =>
  z.toJSONSchema(labSchema, { io: 'input', target: 'draft-7', unrepresentable: 'any' }) as Record<string, unknown>;
