import { expect, test } from 'vitest';
import { diffPlans, planAsJson, printPlan } from '../../../src/host/plan/print.ts';
import { planOf, threeNodes } from './fixtures.ts';

test('a dry run shows addresses, ranges, limits, files and steps', () => {
  const text = printPlan(planOf(), [{ title: 'Creating machines' }]);
  for (const part of [
    'service range   10.96.0.0/12, DNS 10.96.0.10',
    'labs-service-networking-node01 (node)',
    'eth0 192.168.56.11/24 via 192.168.56.1, 02:42:c0:a8:38:0b',
    '2048 MiB, 2 cores, 4096 processes',
    '0600 /etc/kubernetes/kubelet.conf',
    '(dist/node/kube-proxy.js)',
    '  1. Creating machines',
  ])
    expect(text).toContain(part);
});

test('neither text nor JSON holds a key', () => {
  const plan = planOf();
  expect(printPlan(plan)).not.toContain('key of');
  expect(planAsJson(plan)).not.toContain('key of');
  expect(planAsJson(plan)).not.toContain(Buffer.from('key of admin\n').toString('base64'));
});

test('a plan does not differ from itself', () => {
  expect(diffPlans(planOf(), planOf())).toEqual([]);
});

test('a difference names the machine, the file and both values', () => {
  const more = planOf({ nodes: [...threeNodes.nodes, { name: 'node03', role: 'worker' }] });
  const differences = diffPlans(planOf(), more);
  expect(differences).toContainEqual({ what: 'node03.link.address', after: '192.168.56.13' });
  expect(differences).toContainEqual({ what: 'node01.labels.labs.machines', before: '5', after: '6' });
  const proxy = diffPlans(planOf(), planOf({ proxy: { verbosity: 4, mode: 'ipvs' } }));
  expect(proxy.map(({ what }) => what)).toContain('node01:/etc/kubernetes/kube-proxy-config.yaml');
  expect(proxy.every(({ what }) => /kube-proxy/.test(what))).toBe(true);
});
