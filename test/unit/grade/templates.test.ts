// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates as labs write them
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { CheckDefinition } from '../../../src/api/lab.ts';
import { checkKinds } from '../../../src/host/grade/kinds.ts';
import { fillTemplates } from '../../../src/host/grade/templates.ts';
import type { View } from '../../../src/host/grade/view/view.ts';
import { validate } from '../../../src/host/lab/validate.ts';
import { cluster, gradeCheck, objects, pod, type World } from './world.ts';

const template = '${service/db-service:.spec.clusterIP}';
/** A field may want a certain beginning or end. */
const samples = [
  template,
  `http://${template}/`,
  `/${template}/x`,
  `${template}:80`,
  `.spec.${template}`,
  `net.${template}`,
];

interface Leaf {
  readonly path: readonly string[];
  readonly schema: z.core.JSONSchema.JSONSchema;
}

/** Every text inside of a schema; `[]` stands for an item of a list. */
const leavesOf = (schema: z.core.JSONSchema._JSONSchema, path: readonly string[] = []): readonly Leaf[] => {
  if (typeof schema === 'boolean') return [];
  const inside = [
    ...Object.entries(schema.properties ?? {}).flatMap(([field, each]) => leavesOf(each, [...path, field])),
    ...(schema.items && !Array.isArray(schema.items) ? leavesOf(schema.items, [...path, '[]']) : []),
    ...(schema.anyOf ?? []).flatMap((each) => leavesOf(each, path)),
  ];
  return schema.type === 'string' && schema.enum === undefined && schema.const === undefined
    ? [...inside, { path, schema }]
    : inside;
};

const sampleFor = ({ schema }: Leaf): string | undefined =>
  samples.find((sample) => schema.pattern === undefined || new RegExp(schema.pattern).test(sample));

const places = 'where to look is fixed when the lab is read, so that a wrong name is found then';

/** `KIND FIELD` → why a template makes no sense there. */
const without: Readonly<Record<string, string>> = {
  'answer question': 'for people, who read it before there is a cluster',
  'answer question.en': 'for people, who read it before there is a cluster',
  'answer question.ko': 'for people, who read it before there is a cluster',
  'answer choices.[].text': 'for people, who read it before there is a cluster',
  'answer choices.[].text.en': 'for people, who read it before there is a cluster',
  'answer choices.[].text.ko': 'for people, who read it before there is a cluster',
  'answer choices.[].id': 'a name in the lab',
  'answer matches': 'a pattern for what nobody knows before; equals takes values from the cluster',
  'answer script': 'a file of the lab',
  'answer hash.salt': 'made together with the digests',
  'answer hash.digests.[]': 'a hash of what is known when the lab is packed',
  'script file': 'a file of the lab',
  'policy to': places,
  'policy to.[]': places,
  'change object': 'the name of an object: the check itself looks it up',
  'change converges': 'a length of time',
  'object object': 'the name of an object: the check itself looks it up',
};

const reasonFor = (type: string, path: readonly string[]): string | undefined => {
  const last = path.findLast((step) => step !== '[]') ?? '';
  if (['on', 'from', 'veth', 'lands'].includes(last)) return places;
  if (last === 'timeout') return 'a length of time';
  return without[`${type} ${path.join('.')}`];
};

const valueAt = ([step, ...rest]: readonly string[], leaf: string): unknown => {
  if (step === undefined) return leaf;
  return step === '[]' ? [valueAt(rest, leaf)] : { [step]: valueAt(rest, leaf) };
};

describe.each(checkKinds.map((kind) => ({ type: kind.type, kind })))('the kind $type', ({ type, kind }) => {
  const schema = z.toJSONSchema(z.strictObject(kind.fields), { io: 'input', unrepresentable: 'any' });
  const leaves = leavesOf(schema);

  test('takes a template in each text, or has a reason not to', () => {
    const unexplained = leaves
      .filter((leaf) => sampleFor(leaf) === undefined && reasonFor(type, leaf.path) === undefined)
      .map(({ path }) => path.join('.'));
    expect(unexplained).toEqual([]);
  });

  test('gets each text filled', () => {
    if (kind.fillsItself) return;
    for (const leaf of leaves) {
      const sample = sampleFor(leaf);
      if (sample === undefined) continue;
      const view = { objects: { fill: (text: string) => text.replace(template, '10.96.0.1') } } as unknown as View;
      const check = { ...(valueAt(leaf.path, sample) as object), id: '${x:.y}' } as unknown as CheckDefinition;
      const [filled] = fillTemplates(check, view, (each) => [each]);
      expect(JSON.stringify(filled)).toContain('10.96.0.1');
      expect(filled?.id).toBe('${x:.y}');
    }
  });
});

test('every reason is about a field that exists', () => {
  const known = checkKinds.flatMap(({ type, fields }) =>
    leavesOf(z.toJSONSchema(z.strictObject(fields), { io: 'input', unrepresentable: 'any' })).map(
      ({ path }) => `${type} ${path.join('.')}`,
    ),
  );
  expect(Object.keys(without).filter((name) => !known.includes(name))).toEqual([]);
});

describe('the address and the name of a node', () => {
  const answered = { ok: true, status: 200, body: '', remote: '', local: '', milliseconds: 1 } as const;

  test('are those of each node that the check looks at', async () => {
    const asked: string[] = [];
    const http: World['http'] = (at, url) => {
      asked.push(`${at} ${url}`);
      return { ...answered, body: at };
    };
    const check = { type: 'http', from: 'node/*', url: 'http://${node.address}:30080/', body: '/^${node.name}$/' };
    expect(await gradeCheck(check, { objects, http })).toMatchObject({ outcome: 'pass' });
    expect(asked.sort()).toEqual([
      'controlplane http://192.168.56.10:30080/',
      'node01 http://192.168.56.11:30080/',
      'node02 http://192.168.56.12:30080/',
    ]);
    const failing = await gradeCheck(check, {
      objects,
      http: (at) => ({ ...answered, body: at === 'node02' ? 'x' : at }),
    });
    expect(failing).toMatchObject({
      outcome: 'fail',
      expected: expect.stringContaining("http://(the node's own address):30080/"),
      observed: expect.stringContaining('node02 got 200 from http://192.168.56.12:30080/'),
    });
  });

  test('are those of the node where a pod runs', async () => {
    const asked: string[] = [];
    const tcp: World['tcp'] = (_, to) => {
      asked.push(to);
      return { ok: true, remote: '', milliseconds: 1, banner: '' };
    };
    await gradeCheck({ type: 'tcp', from: 'pod/blue', to: '${node.address}:22' }, { objects, tcp });
    expect(asked).toEqual(['192.168.56.11:22']);
  });

  test.each([
    [{ type: 'object', object: 'pod/x', where: [{ path: '.x', equals: '${node.address}' }] }, 'looks at no node'],
    [{ type: 'answer', question: 'Which?', equals: '${node.address}' }, 'looks at no node'],
    [
      { type: 'http', from: 'node/*', url: 'http://${node.addres}/' },
      'there is no ${node.addres}: write ${node.name} or',
    ],
  ])('are refused in %j', (check, message) => {
    const { problems } = validate({
      apiVersion: 'labs/v1',
      name: 'x',
      title: 'x',
      summary: 'x',
      cluster: { nodes: cluster.nodes },
      tasks: [{ id: 't', title: 't', checks: [{ id: 'c', title: 'c', ...check }] }],
    });
    expect(problems.map((problem) => problem.message)).toEqual([expect.stringContaining(message)]);
  });
});

describe('a value that a student has written', () => {
  const annotated = (value: string): World => ({
    objects: {
      ...objects,
      '/api/v1/pods': [
        {
          ...pod('blue', 'node01', '10.244.1.3'),
          metadata: { name: 'blue', namespace: 'default', annotations: { a: value } },
        },
      ],
    },
    files: { 'node01:/etc/x': 'aXb' },
  });
  const check = (content: string) => ({ type: 'file', on: 'node/node01', path: '/etc/x', content });
  const value = '${pod/blue:.metadata.annotations.a}';

  test('never becomes a pattern', async () => {
    expect(await gradeCheck(check(value), annotated('/.*/'))).toMatchObject({
      outcome: 'fail',
      observed: expect.stringContaining('begins with a slash'),
    });
    expect((await gradeCheck(check(`/^${value}$/`), annotated('a.b'))).outcome).toBe('fail');
    expect((await gradeCheck(check(`/^${value}$/`), annotated('aXb'))).outcome).toBe('pass');
  });
});
