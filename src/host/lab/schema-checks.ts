// The checks that lab.yaml can name, one shape each.
import { z } from 'zod';
import {
  count,
  duration,
  hostPort,
  identifier,
  localized,
  match,
  nodePlace,
  oneOrMore,
  place,
} from './schema-parts.ts';

const common = {
  id: identifier,
  title: localized,
  points: z.number().min(0).max(1000).default(1),
  not: z.boolean().default(false).meta({ description: 'Passes when what it describes is not so.' }),
  within: duration.prefault('0s').meta({ description: 'Looks again for so long before it fails.' }),
  needs: oneOrMore(z.string())
    .default([])
    .meta({ description: 'Checks that must pass first: their ids, or task/check.' }),
  hint: localized.exactOptional(),
};

const check = <const Type extends string, Shape extends z.ZodRawShape>(type: Type, what: string, shape: Shape) =>
  z.strictObject({ ...common, type: z.literal(type), ...shape }).meta({ description: what });

const timeout = duration.prefault('2s');
const one = { min: 1 } as const;

const selection = {
  table: z.enum(['raw', 'mangle', 'nat', 'filter', 'security']).default('nat'),
  chain: match.exactOptional(),
  comment: match.exactOptional(),
  target: match.exactOptional().meta({ description: 'DNAT, MASQUERADE, …, or the chain jumped to.' }),
  to: match.exactOptional().meta({ description: 'Of --to-destination.' }),
  source: match.exactOptional(),
  destination: match.exactOptional(),
  dport: z.union([z.string(), z.number().transform(String)]).exactOptional(),
};

const packet = z.strictObject({
  from: z.string().meta({ description: 'A place, or an address.' }),
  to: hostPort,
  protocol: z.enum(['tcp', 'udp']).default('tcp'),
  lands: oneOrMore(z.string())
    .exactOptional()
    .meta({ description: 'All the ends (address:port) that it can come to.' }),
  fate: z.enum(['accepted', 'dropped', 'rejected']).default('accepted'),
  masquerade: z.boolean().exactOptional(),
});

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const condition = z.strictObject({
  path: z.string().regex(/^[.[]/, { error: (issue) => `"${issue.input}" is not a path such as .spec.clusterIP` }),
  equals: scalar.exactOptional(),
  matches: match.exactOptional(),
  count: count.exactOptional(),
});

const objectReference = z
  .string()
  .regex(/^[a-z]+(\/[a-z0-9][-a-z0-9.]*)?\/[A-Za-z0-9][-A-Za-z0-9._/]*(=[-A-Za-z0-9._]+)?$/, {
    error: (issue) =>
      `"${issue.input}" is not an object: write kind/NAME, kind/NAMESPACE/NAME or kind/NAMESPACE/LABEL=VALUE`,
  });

const path = z.string().regex(/^\//, { error: (issue) => `"${issue.input}" is not an absolute path` });

const answer = check('answer', 'Asked at the terminal.', {
  question: localized,
  choices: z.array(z.strictObject({ id: identifier, text: localized })).default([]),
  equals: oneOrMore(z.union([z.string(), z.number().transform(String)])).exactOptional(),
  matches: match.exactOptional(),
  veth: place.exactOptional().meta({ description: 'The name of the node’s end of this pod’s veth pair.' }),
  gateway: z.strictObject({ on: nodePlace, to: z.string() }).exactOptional(),
  rule: z
    .strictObject({
      on: nodePlace,
      field: z.enum(['chain', 'target', 'to', 'probability', 'comment']),
      ...selection,
    })
    .exactOptional(),
  flag: z
    .strictObject({ on: nodePlace, process: z.string(), flag: z.string() })
    .exactOptional()
    .meta({ description: 'The value of a flag of a running process.' }),
  script: z.string().exactOptional().meta({ description: 'A script that exports expected(lab).' }),
});

export const checkSchema = z.discriminatedUnion('type', [
  check('http', 'An HTTP request is answered.', {
    from: place,
    url: z
      .string()
      .regex(/^(https?:\/\/|\$\{)/, { error: (issue) => `"${issue.input}" is not a URL such as http://orange/` }),
    method: z.string().default('GET'),
    status: z.int().min(100).max(599).default(200),
    body: match.exactOptional(),
    timeout,
  }),
  check('tcp', 'A TCP connection is accepted.', { from: place, to: hostPort, banner: match.exactOptional(), timeout }),
  check('lookup', 'A name resolves to an address.', { from: place, name: z.string(), address: match, timeout }),
  check('iptables', 'Rules are there (rules), or do this with a packet (packet).', {
    on: nodePlace,
    rules: z.strictObject(selection).exactOptional(),
    count: count.prefault(one),
    packet: packet.exactOptional(),
  }),
  check('link', 'A network interface is there.', {
    on: place,
    everywhere: z.boolean().default(false).meta({ description: 'In every network namespace on the machine.' }),
    name: match.exactOptional(),
    kind: z.string().exactOptional().meta({ description: 'bridge, veth, vxlan, …' }),
    address: z.string().exactOptional(),
    master: match.exactOptional(),
    up: z.boolean().exactOptional(),
    count: count.prefault(one),
  }),
  check('route', 'A route is there.', {
    on: place,
    to: z.string(),
    via: z.string().exactOptional(),
    device: match.exactOptional(),
  }),
  check('object', 'A Kubernetes object is there, and is so.', {
    object: objectReference,
    exists: z.boolean().default(true),
    where: z.array(condition).default([]),
  }),
  check('process', 'A program runs, and listens.', {
    on: nodePlace,
    name: z.string().exactOptional().meta({ description: 'The program. Without it, only listening is looked at.' }),
    arguments: oneOrMore(match).default([]),
    unit: z.string().exactOptional(),
    listening: z
      .string()
      .regex(/^[^/]*:\d+(\/udp)?$/)
      .exactOptional(),
  }),
  check('file', 'A file is there, and contains this.', {
    on: nodePlace,
    path,
    exists: z.boolean().default(true),
    content: match.exactOptional(),
  }),
  check('log', 'A line is in a log file.', { on: nodePlace, path, line: match, count: count.prefault(one) }),
  answer,
  check('script', 'A script of the lab decides.', { file: z.string(), timeout: duration.prefault('10s') }),
]);

export type CheckInput = z.output<typeof checkSchema>;
export type AnswerInput = z.output<typeof answer>;
export type SelectionInput = z.output<z.ZodObject<typeof selection>>;
