import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deployments, nodes, pods } from '../../../src/api/resources.ts';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';
import { type RunningApiserver, startApiserver } from '../../support/apiserver.ts';
import { aDeployment, aNode } from '../../support/objects.ts';
import { component } from '../../support/programs.ts';

describe('the processes of the controllers and the scheduler', () => {
  const started: ChildProcess[] = [];
  let server: RunningApiserver;

  beforeEach(async () => {
    server = await startApiserver();
  });
  afterEach(async () => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
    await server?.stop();
  });

  const start = (program: 'controllers' | 'scheduler', ...flags: string[]) => {
    const child = spawn(process.execPath, [component(program), `--kubeconfig=${server.kubeconfig}`, ...flags], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    started.push(child);
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
    return { child, exited, log: () => log };
  };

  test('the controllers refuse a service range that overlaps the pod network, and name both ranges', async () => {
    const { exited, log } = start(
      'controllers',
      '--allocate-node-cidrs=true',
      '--cluster-cidr=10.100.0.0/16',
      '--service-cluster-ip-range=10.96.0.0/12',
    );
    expect(await exited).toEqual([1, null]);
    expect(log()).toContain('10.96.0.0/12');
    expect(log()).toContain('10.100.0.0/16');
    expect(log()).toContain('must not overlap with any IP ranges assigned to nodes or pods');
  });

  test('the pods of a Deployment are bound to nodes, and both processes exit with code 0 on SIGTERM', async () => {
    const manager = start('controllers', '--allocate-node-cidrs=true', '--cluster-cidr=10.244.0.0/16', '-v=2');
    const scheduler = start('scheduler', '-v=2');
    await server.client.create(nodes, aNode('node01'));
    await server.client.create(deployments, aDeployment('web', 2));
    await eventually(
      'two pods are bound',
      async () => {
        const { items } = await server.client.list(pods);
        const bound = items.filter(({ spec }) => spec.nodeName === 'node01');
        return bound.length === 2 ? done(true) : notYet(manager.log() + scheduler.log());
      },
      { timeoutMs: 20_000 },
    );
    for (const { child, exited } of [manager, scheduler]) {
      child.kill('SIGTERM');
      expect(await exited).toEqual([0, null]);
    }
    expect(manager.log() + scheduler.log()).not.toMatch(/^E\d{4} /m);
  });
});
