import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { untilRules } from '../../../labs/service-networking/solve/nodes.ts';
import { deletePods, ensureNamespace, runPods } from '../../../labs/service-networking/solve/pods.ts';
import { deleteService, exposeService } from '../../../labs/service-networking/solve/services.ts';
import type { LabHandle } from '../../../src/api/script.ts';

/** A handle on a cluster that has these objects, by reference. It records the calls of kubectl. */
const handle = (objects: Readonly<Record<string, unknown>> = {}) => {
  const ran: string[] = [];
  const lab = {
    kubectl: async (...args: string[]) => void ran.push(args.join(' ')),
    apply: async (manifest: string) => void ran.push(`apply ${/^metadata: \{ name: (\S+?),? /m.exec(manifest)?.[1]}`),
    object: async (reference: string) => objects[reference],
  } as unknown as LabHandle;
  return { lab, ran };
};

const pod = (image: string, labels: Record<string, string>, more: object = {}) => ({
  metadata: { name: 'db', labels, ...more },
  spec: { nodeName: 'node01', terminationGracePeriodSeconds: 30, containers: [{ name: 'db', image }] },
  status: { phase: 'Running' },
});
const wanted = { name: 'db', image: 'db', node: 'node01' };
const ready = 'wait --for=condition=Ready pod/db -n default --timeout=60s';
const removed = 'delete pod db -n default --ignore-not-found --grace-period=1';

test.each([
  ['a missing pod is made', undefined, ['apply db', ready]],
  ['a pod that a student made with the commands of the task stays', pod('db', { app: 'db' }), [ready]],
  ['a pod with another label is labelled', pod('db', {}), ['label pod db app=db -n default --overwrite', ready]],
  ['a pod with another image is replaced', pod('web', { app: 'db' }), [removed, 'apply db', ready]],
  [
    'a pod that is being deleted is replaced',
    pod('db', { app: 'db' }, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    [removed, 'apply db', ready],
  ],
])('%s', async (_, present, commands) => {
  const { lab, ran } = handle({ 'pod/default/db': present });
  await runPods(lab, wanted);
  expect(ran).toEqual(commands);
});

const service = (spec: object) => ({ metadata: { name: 'db-service' }, spec: { type: 'ClusterIP', ...spec } });
const fields = { clusterIP: '10.103.132.104', selector: { app: 'db' }, ports: [{ port: 3306, targetPort: 3306 }] };
const replaced = ['delete service,endpoints db-service -n default --ignore-not-found', 'apply db-service'];

test.each([
  ['a missing service is made', undefined, ['apply db-service']],
  ['a service that fits stays', service(fields), []],
  ['a service with another address is replaced', service({ ...fields, clusterIP: '10.96.0.7' }), replaced],
  ['a service with another selector is replaced', service({ ...fields, selector: { app: 'x' } }), replaced],
  ['a service with another port is replaced', service({ ...fields, ports: [{ port: 3307 }] }), replaced],
  ['a service of another type is replaced', service({ ...fields, type: 'NodePort' }), replaced],
])('%s', async (_, present, commands) => {
  const { lab, ran } = handle({ 'service/default/db-service': present });
  await exposeService(lab, { name: 'db-service', app: 'db', clusterIP: '10.103.132.104', port: 3306 });
  expect(ran).toEqual(commands);
});

test('a namespace that is being deleted is made again afterwards', async () => {
  const { lab, ran } = handle({ 'namespace/shop': { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } } });
  await ensureNamespace(lab, 'shop');
  expect(ran).toEqual(['wait --for=delete namespace/shop --timeout=60s', 'apply shop']);
});

test('removing what does not exist runs nothing, and endpoints that a student wrote are removed', async () => {
  const empty = handle();
  await deletePods(empty.lab, 'default', 'db', 'blue');
  await deleteService(empty.lab, 'shop', 'cart');
  expect(empty.ran).toEqual([]);
  const { lab, ran } = handle({ 'endpointslice/shop/kubernetes.io/service-name=cart': { metadata: {} } });
  await deleteService(lab, 'shop', 'cart');
  expect(ran).toEqual(['delete endpointslices -n shop -l kubernetes.io/service-name=cart --ignore-not-found']);
});

test('what a script waits for has a name in both languages, because a timeout shows it to the student', async () => {
  const folder = new URL('../../../labs/service-networking/solve/', import.meta.url);
  const sources = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8'));
  const waits = sources.flatMap((source) => source.match(/\.until\(.*/g) ?? []);
  expect(waits).toHaveLength(2);
  for (const wait of waits) expect(wait).toMatch(/\{ en: .*[가-힣]|\(condition,/);
  const conditions: unknown[] = [];
  const lab = { until: async (condition: unknown) => void conditions.push(condition) } as unknown as LabHandle;
  for (const present of [true, false]) await untilRules(lab, 'node01', 'shop/cart', present);
  for (const condition of conditions)
    expect(condition).toEqual({
      en: expect.stringContaining('shop/cart'),
      ko: expect.stringMatching(/^node01의 규칙/),
    });
});
