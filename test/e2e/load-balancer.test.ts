// Services of the type LoadBalancer: their addresses are reached from outside, and move with endpoints.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { done, eventually, notYet } from '../../src/kit/eventually.ts';
import { labs, type Ran } from './cli-support.ts';
import { failuresIn, ok, reportOf } from './graded-lab.ts';

const name = `e2e-balancer-${process.pid}`;
const lab = fileURLToPath(new URL('../fixtures/labs/load-balancer', import.meta.url));
const address = '192.168.56.224';
let state: string;

const run = (...argv: string[]): Promise<Ran> => labs(['--name', name, ...argv], { env: { XDG_STATE_HOME: state } });
const out = async (...argv: string[]): Promise<string> => (await ok(run(...argv))).stdout;
const kubectl = (...argv: string[]): Promise<string> => out('kubectl', ...argv);
const patch = (spec: object) => kubectl('patch', 'service', 'web', '-p', JSON.stringify({ spec }));
const makePod = (pod: string, nodeName: string) =>
  kubectl('run', pod, '--image=web', '--labels=app=web', `--overrides=${JSON.stringify({ spec: { nodeName } })}`);
/** What the client gets from the address of the load balancer, once it is as wanted. */
const answers = (wanted: RegExp): Promise<unknown> =>
  eventually(
    `the client sees ${wanted}`,
    async () => {
      const { stdout } = await run('shell', 'client', '--', 'curl', '-sS', '-m', '2', `http://${address}/`);
      return wanted.test(stdout) ? done(undefined) : notYet(stdout);
    },
    { timeoutMs: 30_000 },
  );
const holds = async (node: string): Promise<boolean> =>
  (await out('shell', node, '--', 'ip', '-brief', 'address')).includes(`${address}/32`);

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'labs-e2e-'));
  await ok(labs(['start', lab, '--name', name, '--yes'], { env: { XDG_STATE_HOME: state } }));
  await makePod('one', 'node01');
  await makePod('two', 'node02');
  await kubectl('create', 'service', 'loadbalancer', 'web', '--tcp=80:80');
  await kubectl('wait', '--for=condition=Ready', 'pod', '--all', '--timeout=60s');
});
afterAll(async () => {
  await run('delete', '--yes');
  await rm(state, { recursive: true, force: true });
});

test('the client reaches the address that the service got, through one node', async () => {
  await answers(/pod: (one|two)/);
  expect(await kubectl('get', 'service', 'web')).toContain(` ${address} `);
  const holders = await Promise.all(['controlplane', 'node01', 'node02'].map(holds));
  expect(holders.filter((each) => each)).toHaveLength(1);
  expect(holders[0], 'the control plane is excluded').toBe(false);
  expect(failuresIn(await reportOf(run('grade', '--json')))).toEqual({});
});

test('with the policy Local, the server sees the client, and the address follows the endpoints', async () => {
  await patch({ externalTrafficPolicy: 'Local' });
  await answers(/client: 192\.168\.56\.100/);
  await kubectl('delete', 'pod', 'one', '--now');
  await answers(/pod: two[\s\S]*client: 192\.168\.56\.100/);
  expect(await Promise.all(['node01', 'node02'].map(holds))).toEqual([false, true]);
  await makePod('one', 'node01');
  await kubectl('delete', 'pod', 'two', '--now');
  await answers(/pod: one[\s\S]*client: 192\.168\.56\.100/);
  expect(await Promise.all(['node01', 'node02'].map(holds))).toEqual([true, false]);
});

test('a service without endpoints, or of another type, has no address on the network', async () => {
  await kubectl('delete', 'pod', 'one', '--now');
  await answers(/^$/);
  expect(await holds('node01')).toBe(false);
  await patch({ type: 'ClusterIP' });
  await eventually(
    'the service has no address',
    async () => {
      const { stdout } = await run('kubectl', 'get', 'service', 'web', '-o', 'jsonpath={.status.loadBalancer}');
      return stdout === '{}' ? done(undefined) : notYet(stdout);
    },
    { timeoutMs: 10_000 },
  );
});
