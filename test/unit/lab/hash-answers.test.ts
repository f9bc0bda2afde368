// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates as labs write them
import { expect, test } from 'vitest';
import { hashLabAnswers } from '../../../src/host/lab/hash-answers.ts';
import { labSchema } from '../../../src/host/lab/schema.ts';

const question = (id: string, right: object) => ({ id, title: id, type: 'answer', question: 'Which?', ...right });
const lab = {
  ...{ apiVersion: 'labs/v1', name: 'test', title: 'Test', summary: 'Test' },
  cluster: { nodes: [{ name: 'controlplane', role: 'control-plane' }] },
  tasks: [
    {
      ...{ id: 'task', title: 'Task' },
      checks: [
        question('name', { equals: 'kube-proxy', choices: [{ id: 'kube-proxy', text: 'A' }] }),
        question('count', { equals: [5, 'secret-five'] }),
        question('address', { equals: '${service/db:.spec.clusterIP}' }),
        question('line', { matches: '/Adding/' }),
        question('veth', { veth: 'pod/db' }),
        { id: 'link', title: 'Link', type: 'link', on: 'node/*', name: 'cni0' },
      ],
    },
  ],
};

test('right answers become salted hashes, and those that cannot are named', async () => {
  const { lab: hashed, readable } = await hashLabAnswers(lab);
  expect(readable).toEqual(['task/address', 'task/line']);
  const text = JSON.stringify(hashed);
  expect(text).not.toContain('secret-five');
  expect(text).not.toContain('"equals":"kube-proxy"');
  const { tasks } = labSchema.parse(hashed);
  expect(tasks[0]?.checks.map((check) => ('hash' in check ? [check.id, check.hash] : check.id))).toEqual([
    ['name', expect.objectContaining({ algorithm: 'scrypt', forms: ['text'] })],
    ['count', expect.objectContaining({ algorithm: 'scrypt', forms: ['count', 'text'] })],
    ...['address', 'line', 'veth', 'link'],
  ]);
});
