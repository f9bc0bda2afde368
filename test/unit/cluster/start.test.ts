import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { beforeEach, describe, expect, test } from 'vitest';
import { parseCidr } from '../../../src/api/scalars.ts';
import type { LinkQuality } from '../../../src/api/wiring.ts';
import type { Handlers } from '../../../src/fabric/agent.ts';
import { AgentError } from '../../../src/fabric/run.ts';
import { openCluster } from '../../../src/host/cluster/open.ts';
import { startCluster } from '../../../src/host/cluster/start.ts';
import { listClusters } from '../../../src/host/cluster/status.ts';
import type { StepEvent } from '../../../src/host/cluster/steps.ts';
import { deleteCluster, stopCluster } from '../../../src/host/cluster/stop.ts';
import { filesFolder, stateFolder } from '../../../src/host/plan/boot.ts';
import { LabError } from '../../../src/kit/error.ts';
import { initOf, quietly, request, World } from './world.ts';

const machines = ['labs-x-client', 'labs-x-controlplane', 'labs-x-fabric', 'labs-x-node01', 'labs-x-node02'];
const all = [...machines, 'labs-x_gateway'];

let world: World;
beforeEach(() => {
  world = new World();
});

const start = async (change = {}, options = quietly()) => {
  const started = await startCluster(world, request(change), options);
  await started.cluster[Symbol.asyncDispose]();
  return started;
};

/** Notes how steps end. */
const watched = () => {
  const states: string[] = [];
  return { states, options: { ...quietly(), onEvent: ({ state }: StepEvent) => void states.push(state) } };
};

const { plan } = request();
const ipvsPlan = { ...plan, spec: { ...plan.spec, proxy: { mode: 'ipvs' as const, verbosity: 4 } } };
const iptablesAnswer = {
  ...{ ok: true as const, status: 200, body: 'iptables', remote: '', local: '', milliseconds: 1 },
};

describe('a new cluster', () => {
  test('has all machines running, wired, and is marked as completed', async () => {
    const { resumed, cluster } = await start();
    expect(resumed).toBe(false);
    expect(world.names).toEqual(all);
    expect([...world.containers.values()].every(({ status }) => status === 'running')).toBe(true);
    expect(world.state).toMatchObject({ completed: true, wired: [['controlplane', 'node01', 'node02', 'client']] });
    expect(cluster.machines.map(({ name, address }) => `${name} ${address}`)).toEqual([
      'controlplane 192.168.56.10',
      'node01 192.168.56.11',
      'node02 192.168.56.12',
      'client 192.168.56.100',
    ]);
  });

  test('tells its fabric what the programs of each machine are', async () => {
    await start();
    const record = world.containers.get('labs-x-fabric')?.files.get('/var/lib/labs-programs/node01.json') ?? '';
    const digest = createHash('sha256').update('the bundle node/kube-proxy.js').digest('hex');
    expect(JSON.parse(record)).toMatchObject({ '/usr/local/lib/labs/kube-proxy.js': digest });
    await stopCluster(world, 'x');
    world.containers.get('labs-x-fabric')?.files.delete('/var/lib/labs-programs/node01.json');
    await start();
    expect(world.containers.get('labs-x-fabric')?.files.get('/var/lib/labs-programs/node01.json')).toBe(record);
  });

  test('gets its files before it starts', async () => {
    await start();
    const files = world.containers.get('labs-x-node01')?.files;
    expect(files?.get(`${filesFolder}/usr/local/lib/labs/kube-proxy.js`)).toBe('the bundle node/kube-proxy.js');
    expect(files?.get(`${filesFolder}/etc/systemd/system/kubelet.service`)).toContain('--hostname-override=node01');
    expect(files?.get(`${stateFolder}/launch`)).toContain('#!/bin/sh');
    const { calls } = world;
    const put = calls.indexOf(`put labs-x-node01 ${stateFolder}`);
    expect(put).toBeGreaterThan(-1);
    expect(put).toBeLessThan(calls.indexOf('start labs-x-node01'));
  });

  test('boots its machines before it connects them, each with the ids of its label', async () => {
    const order: string[] = [];
    const { boot, wire } = world.handlers;
    world.handlers = {
      ...world.handlers,
      boot: async (...asked) => {
        order.push('boot');
        return (await boot?.(...asked)) ?? { inits: {} };
      },
      wire: async (params, signal) => {
        order.push('wire');
        for (const { machine, pid } of params.links)
          expect(pid).toBe(initOf(world.containers.get(`labs-x-${machine}`)?.pid ?? 0));
        return (await wire?.(params, signal)) ?? { wired: [], links: 0 };
      },
    };
    await start();
    expect(order).toEqual(['boot', 'wire']);
    const [booted = []] = world.state.booted;
    expect(booted.map(({ machine }) => machine)).toEqual(['controlplane', 'node01', 'node02', 'client']);
    for (const { machine, pid, group, ids } of booted) {
      const container = world.containers.get(`labs-x-${machine}`);
      expect({ group, pid, ids: String(ids) }).toEqual({
        group: `labs-x-${machine}`,
        pid: container?.pid,
        ids: container?.spec.labels?.['labs.ids'],
      });
    }
  });

  test('without user namespaces has machines without ids', async () => {
    await start({ plan: { ...plan, unsafeNodes: true } });
    expect(world.state.booted.flat().map(({ ids }) => ids)).toEqual(Array(4).fill(undefined));
    expect([...world.containers.values()].filter(({ spec }) => spec.labels?.['labs.ids'] !== undefined)).toEqual([]);
  });

  test.each([
    ['node01 cannot start: unshare: unshare failed: Operation not permitted', 'LAB_NO_USER_NAMESPACE'],
    ['node01 cannot start: mount: files: mount_setattr: Invalid argument', 'LAB_NO_USER_NAMESPACE'],
    ['node01 cannot start: unshare: unshare failed: No space left on device', 'LAB_NO_USER_NAMESPACE'],
    ['node01 cannot start: mkfs.ext4: Input/output error', 'LAB_NO_BOOT'],
    ['node01 cannot start: mkfs.ext4: No space left on device', 'LAB_DISK_FULL'],
  ])('is removed, and says why, when the kernel refuses: %s', async (reason, code) => {
    const refuse = () => Promise.reject(new AgentError('FABRIC_NO_BOOT', reason));
    world.handlers = { ...world.handlers, boot: refuse };
    await expect(start()).rejects.toMatchObject({
      code,
      message: expect.stringContaining(reason),
      hint: expect.any(String),
    });
    expect(world.names).toEqual([]);
  });

  test('creates the fabric before all others, because its name is the lock', async () => {
    await start();
    expect(world.calls.filter((call) => call.startsWith('create labs-'))[0]).toBe('create labs-x-fabric');
  });

  test('fails and is removed when kube-proxy falls back to another mode than that of the lab', async () => {
    world.handlers = { ...world.handlers, http: async () => iptablesAnswer };
    await expect(start({ plan: ipvsPlan })).rejects.toMatchObject({
      code: 'LAB_PROXY_MODE',
      message: expect.stringContaining('mode ipvs, which does not run on controlplane (iptables), node01 (iptables)'),
    });
    expect(world.names).toEqual([]);
    const { spec } = ipvsPlan;
    await start({ plan: { ...ipvsPlan, spec: { ...spec, proxy: { ...spec.proxy, fallback: true } } } });
    expect(world.names).toEqual(all);
  });

  test('that is resumed only warns of another mode, because a student may have caused it', async () => {
    world.handlers = { ...world.handlers, http: async () => ({ ...iptablesAnswer, body: 'ipvs' }) };
    await start({ plan: ipvsPlan });
    await stopCluster(world, 'x');
    world.handlers = { ...world.handlers, http: async () => iptablesAnswer };
    const { warnings } = await start({ plan: ipvsPlan });
    expect(warnings.join()).toContain('mode ipvs, which does not run on controlplane (iptables)');
  });

  describe('with a link that is slow', () => {
    const [plane, ...nodes] = plan.spec.nodes.map((node) => ({ ...node }));
    const shaped = (link: LinkQuality) => ({
      plan: {
        ...plan,
        spec: {
          ...plan.spec,
          nodes: [...(plane ? [plane] : []), ...nodes.map((node, index) => (index === 0 ? { ...node, link } : node))],
          networks: [{ name: 'lan-a', cidr: parseCidr('10.1.0.0/24'), link: { rate: '10mbit' } }],
          machines: [{ name: 'h1', role: 'host' as const, networks: [{ name: 'lan-a' }] }],
        },
      },
    });
    const works = (...answers: string[]): string =>
      ['yes', ...answers].map((answer, index) => `@labs@ ${index} ${answer}`).join('\n');

    test.each([
      [
        'netem',
        works('no Error: Specified qdisc kind is unknown.', 'yes'),
        'sch_netem for the link of node01',
        { delay: '20ms', loss: '5%' },
      ],
      ['tbf', works('yes', 'no'), 'sch_tbf for the link of h1 to the network lan-a: rate 10mbit', { delay: '20ms' }],
    ])('is refused before anything is created where the kernel has no %s', async (_, probed, says, link) => {
      world = new World(probed);
      const refused = await start(shaped(link)).catch((error: unknown) => error);
      expect(refused).toMatchObject({
        ...{ code: 'LAB_NO_QUEUE', exitCode: 3 },
        message: expect.stringContaining(`The kernel has no ${says}`),
        hint: expect.stringContaining('`labs doctor`'),
      });
      expect(world.names).toEqual([]);
      expect(world.calls.filter((call) => call.startsWith('create labs-x'))).toEqual([]);
    });

    test('is wired so, also when it is resumed', async () => {
      world = new World(works('yes', 'yes'));
      const link = { delay: '20ms', jitter: '5ms' };
      const wanted = [
        ['node01', link],
        ['h1', { rate: '10mbit' }],
      ];
      await start(shaped(link));
      expect(world.state.qualities).toEqual(wanted);
      await stopCluster(world, 'x');
      await start(shaped(link));
      expect(world.state.qualities).toEqual([...wanted, ...wanted]);
    });

    test('is refused at a resume, too, where the kernel is another one now', async () => {
      world = new World(works('yes', 'yes'));
      await start(shaped({ delay: '20ms' }));
      await stopCluster(world, 'x');
      world.handlers = {
        ...world.handlers,
        wire: async () => {
          throw new AgentError('FABRIC_NO_QUEUE', 'The kernel has no sch_netem for the link of node01: delay 20ms');
        },
      };
      await expect(start(shaped({ delay: '20ms' }))).rejects.toMatchObject({
        code: 'LAB_NO_QUEUE',
        hint: expect.stringContaining('`labs doctor`'),
      });
    });
  });

  test("runs the lab's setup on the finished cluster", async () => {
    const seen: string[] = [];
    await start({
      setup: async (cluster: { machines: readonly { name: string }[] }) =>
        void seen.push(...cluster.machines.map(({ name }) => name)),
    });
    expect(seen).toEqual(['controlplane', 'node01', 'node02', 'client']);
  });

  test.each([
    'create labs-x-fabric',
    'create labs-x-node02',
    'put labs-x-controlplane /labs/state',
    'start labs-x-node01',
    'start labs-x-fabric',
  ])('leaves nothing when "%s" fails', async (call) => {
    world.failures.set(call, new LabError('LAB_DISK_FULL', 'no space left on device'));
    await expect(start()).rejects.toMatchObject({ code: 'LAB_DISK_FULL' });
    expect(world.names).toEqual([]);
  });

  test('reports what it could not undo', async () => {
    world.failures.set('start labs-x-node01', new LabError('LAB_DOCKER_FAILED', 'it did not start'));
    world.failures.set('remove labs-x-node02', new LabError('LAB_DOCKER_FAILED', 'it did not go'));
    const error = await start().catch((caught) => caught);
    expect(error).toMatchObject({ code: 'LAB_DOCKER_FAILED', hint: 'Run `labs delete x`.' });
    expect(error.message).toContain('it did not start');
    expect(error.message).toContain('undo "create labs-x-node02" failed');
    expect(world.names).toEqual(['labs-x-node02']);
  });

  test('touches nothing when the cluster is refused', async () => {
    const { plan } = request();
    const spec = { ...plan.spec, clients: [{ name: 'node01' }] };
    await expect(start({ plan: { ...plan, spec } })).rejects.toMatchObject({ code: 'LAB_PLAN_REFUSED' });
    expect(world.calls).toEqual([]);
  });

  test.each(['wire', 'kube', 'complete', 'release'] as const)(
    'says so when it was deleted before "%s"',
    async (step) => {
      world.handlers = {
        ...world.handlers,
        [step]: async () => {
          await deleteCluster(world, 'x');
          throw new LabError('LAB_CONTAINER_MISSING', `No such container: ${'f6671'.repeat(12)}`);
        },
      };
      await expect(start()).rejects.toMatchObject({
        code: 'LAB_DELETED',
        message: 'x was deleted while it was starting',
        hint: 'Run `labs start` to build it again.',
        exitCode: 3,
      });
      expect(world.names).toEqual([]);
    },
  );

  test('fails when another start was faster, and leaves that start alone', async () => {
    world.failures.set('create labs-x-fabric', new LabError('LAB_NAME_TAKEN', 'Conflict'));
    const { states, options } = watched();
    await expect(start({}, options)).rejects.toMatchObject({ code: 'LAB_BUSY' });
    expect(states).not.toContain('failed');
    expect(states).toContain('refused');
    expect(world.calls.filter((call) => call.startsWith('remove'))).toEqual([]);
  });
});

describe('an existing cluster', () => {
  beforeEach(() => start());

  test('is stopped and resumed with the same containers', async () => {
    const ids = [...world.containers.values()].map(({ id }) => id);
    expect(await stopCluster(world, 'x')).toBe(5);
    expect(await listClusters(world)).toMatchObject([{ name: 'x', state: 'stopped', machines: 5 }]);
    expect((await start()).resumed).toBe(true);
    expect([...world.containers.values()].map(({ id }) => id)).toEqual(ids);
    expect(world.state.wired).toHaveLength(2);
  });

  test('connects machines that were restarted when it is opened, and opens also without that', async () => {
    const asked: string[][] = [];
    const rewire: Handlers['rewire'] = async ({ bridge, links }) => {
      asked.push([bridge.name, ...links.map(({ machine, address }) => `${machine} ${address}`)]);
      return { wired: ['node01'], links: 1 };
    };
    world.handlers = { ...world.handlers, rewire };
    await using cluster = await openCluster(world, 'x');
    expect(cluster.reconnected).toEqual(['node01']);
    expect(asked).toEqual([
      ['lab0', 'controlplane 192.168.56.10', 'node01 192.168.56.11', 'node02 192.168.56.12', 'client 192.168.56.100'],
    ]);
    world.handlers = { ...world.handlers, rewire: () => Promise.reject(new Error('no veth')) };
    await using again = await openCluster(world, 'x');
    expect(again.reconnected).toEqual([]);
    expect(again.machine('node01').address).toBe('192.168.56.11');
  });

  test('gets the present build when it is resumed, and keeps what the student changed', async () => {
    await stopCluster(world, 'x');
    const config = `${filesFolder}/etc/kubernetes/kubelet-config.yaml`;
    world.containers.get('labs-x-node01')?.files.set(config, 'changed');
    await start({ bundles: async () => Buffer.from('a new build') });
    const files = world.containers.get('labs-x-node01')?.files;
    expect(files?.get(`${filesFolder}/usr/local/lib/labs/kubelet.js`)).toBe('a new build');
    expect(files?.get(config)).toBe('changed');
  });

  test('is not changed by a start while another start is running', async () => {
    world.state.claimedByOther = true;
    const { states, options } = watched();
    await expect(start({}, options)).rejects.toMatchObject({ code: 'LAB_BUSY' });
    expect(states).toEqual(['started', 'refused']);
    expect(world.names).toEqual(all);
    expect((await listClusters(world))[0]?.state).toBe('running');
  });

  test('is taken over from a start whose process is dead', async () => {
    const { pid } = spawnSync('true');
    world.state.claimedByOther = true;
    world.state.owner = { pid, host: hostname(), mark: '1', since: '2026-01-01T00:00:00Z' };
    expect((await start()).resumed).toBe(true);
  });

  test.each([
    ['of this machine', process.pid, hostname(), `process ${process.pid}, since `],
    ['of another machine', 4711, 'elsewhere', 'process 4711 on elsewhere, since '],
  ])('is left to a start %s that still runs, and the error names it', async (_where, pid, host, expected) => {
    world.state.claimedByOther = true;
    world.state.owner = { pid, host, mark: markOfThisProcess(), since: '2026-01-01T00:00:00Z' };
    await expect(start()).rejects.toMatchObject({ code: 'LAB_BUSY', message: expect.stringContaining(expected) });
    expect(world.state.claimedByOther).toBe(true);
  });

  test('is stopped again when its resume fails', async () => {
    await stopCluster(world, 'x');
    world.handlers = { ...world.handlers, wire: async () => Promise.reject(new Error('no veth')) };
    await expect(start()).rejects.toThrow('no veth');
    expect(await listClusters(world)).toMatchObject([{ state: 'stopped', machines: 5 }]);
  });

  test.each([
    [
      'its definition has changed',
      { spec: { ...request().plan.spec, podNetwork: 'vxlan' as const } },
      'The definition of lab has changed since x was started:\n  podNetwork: routes → vxlan',
    ],
    ['it is of another lab', { lab: 'other' }, 'x is a cluster of another lab, lab'],
  ])('is not touched when %s', async (_, change, words) => {
    await expect(start({ plan: { ...request().plan, ...change } })).rejects.toMatchObject({
      code: 'LAB_CHANGED',
      exitCode: 2,
      message: expect.stringContaining(words),
    });
    expect((await listClusters(world))[0]?.state).toBe('running');
  });

  test('is resumed when only a task or a script of its lab has changed', async () => {
    expect((await start({ plan: { ...request().plan, definitionDigest: 'other' } })).resumed).toBe(true);
  });

  test('that is deleted while it is resumed, says so', async () => {
    await stopCluster(world, 'x');
    world.handlers = {
      ...world.handlers,
      wire: async () => {
        await deleteCluster(world, 'x');
        throw new LabError('LAB_CONTAINER_MISSING', 'No such container: 1');
      },
    };
    await expect(start()).rejects.toMatchObject({ code: 'LAB_DELETED' });
    expect(world.names).toEqual([]);
  });

  test('is refused when a machine was removed from outside', async () => {
    await world.remove('labs-x-node02');
    await expect(start()).rejects.toMatchObject({
      code: 'LAB_CHANGED',
      message: 'x is incomplete: node02 no longer exists',
      hint: 'Run `labs reset x`, which builds the cluster anew.',
      exitCode: 3,
      refusal: true,
    });
    expect(await listClusters(world)).toMatchObject([{ state: 'incomplete' }]);
  });

  test('is built again when no start of it has ever finished', async () => {
    world.state.completed = false;
    await world.remove('labs-x-node02');
    expect((await start()).resumed).toBe(false);
    expect(world.names).toEqual(all);
  });

  test('is built again when only machines without a fabric are left', async () => {
    await world.remove('labs-x-fabric');
    expect((await start()).resumed).toBe(false);
    expect(world.names).toEqual(all);
  });

  test('is deleted with everything that has its name, and nothing else', async () => {
    await world.volumes.create('labs-x-data', { 'labs.name': 'x' });
    await startCluster(world, request({ plan: { ...request().plan, name: 'y' } }), quietly());
    expect(await deleteCluster(world, 'x')).toBe(5);
    expect(await deleteCluster(world, 'x')).toBe(0);
    expect(world.names).toEqual(all.map((name) => name.replace('-x', '-y')));
    expect([...world.volumeLabels.keys()].sort()).toEqual(['labs-images', 'labs-root-test', 'labs-y_gateway']);
  });
});

describe('two starts at once', () => {
  test('a start that sees only some machines of another start resumes all of them', async () => {
    await start();
    const look = world.list.bind(world);
    world.list = async (labels) => {
      world.list = look;
      return (await look(labels)).filter(({ name }) => name === 'labs-x-fabric');
    };
    expect((await start()).resumed).toBe(true);
    expect(world.names).toEqual(all);
  });

  test('a start that finds an interrupted cluster leaves the new fabric of another start alone', async () => {
    await start();
    world.state.completed = false;
    const claiming = world.handlers.claim;
    const handlers = world.handlers;
    world.handlers = {
      ...handlers,
      claim: async (...asked) => {
        // The other start was faster: it has removed the old machines and created its fabric.
        world.handlers = handlers;
        await deleteCluster(world, 'x');
        await start();
        return (await claiming?.(...asked)) && { claimed: true, completed: false };
      },
    } as typeof world.handlers;
    await expect(start()).rejects.toMatchObject({ code: 'LAB_BUSY' });
    expect(world.names).toEqual(all);
  });
});

/** When the kernel started this process. */
const markOfThisProcess = (): string =>
  readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')[19] ?? '';
