// How connections spread over endpoints, and what happens to existing ones.
import { expect, test } from 'vitest';
import { trace } from '../../../src/dataplane/trace.ts';
import { a, b, onNode, pod, rulesOf, there } from './cluster.ts';

test('connections spread evenly over seven endpoints', async () => {
  const endpoints = Array.from({ length: 7 }, (_, index) => there(`10.244.2.${index + 1}`));
  const verdicts = trace(await rulesOf({ spec: {}, endpoints }), { from: pod, to: '10.96.0.20:80' }, onNode);
  expect(verdicts).toHaveLength(7);
  for (const { probability } of verdicts) expect(probability).toBeCloseTo(1 / 7, 6);
});

test('with ClientIP affinity a client comes back to the endpoint that remembers it', async () => {
  const rules = await rulesOf({ spec: { sessionAffinity: 'ClientIP' }, endpoints: [there(a), there(b)] });
  const first = trace(rules, { from: pod, to: '10.96.0.20:80' }, onNode);
  expect(first).toHaveLength(2);
  const list =
    first
      .find(({ lands }) => lands.startsWith(b))
      ?.path.map(({ rule }) => rule.chain)
      .find((name) => name.startsWith('KUBE-SEP-')) ?? '';
  const again = trace(
    rules,
    { from: pod, to: '10.96.0.20:80' },
    { ...onNode, recent: (name) => (name === list ? [pod] : []) },
  );
  expect(again.map(({ lands }) => lands)).toEqual([`${b}:8080`]);
});

test('established connections are forwarded, invalid packets are not', async () => {
  const rules = await rulesOf({ spec: {}, endpoints: [there(b)] });
  const packet = { from: `${b}:8080`, to: `${pod}:40000` };
  expect(trace(rules, { ...packet, state: 'ESTABLISHED' }, onNode)).toMatchObject([{ fate: 'accepted' }]);
  expect(trace(rules, { ...packet, state: 'INVALID' }, onNode)).toMatchObject([{ fate: 'dropped' }]);
});
