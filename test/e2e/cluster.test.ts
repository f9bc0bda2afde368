import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parseIpv4 } from '../../src/api/scalars.ts';
import { type Cluster, openCluster } from '../../src/host/cluster/open.ts';
import { listClusters, statusOf } from '../../src/host/cluster/status.ts';
import { deleteCluster, stopCluster } from '../../src/host/cluster/stop.ts';
import { inMachine } from '../../src/host/plan/boot.ts';
import { done, eventually, notYet } from '../../src/kit/eventually.ts';
import { isLong } from '../support/runs.ts';
import { cleanUp, containersOf, docker, kubectl, mustStart, requestFor, spec, tryStart } from './cluster-support.ts';
import { testProxyModes } from './proxy-modes.ts';

const containers = (name: string): string[] =>
  ['client', 'controlplane', 'fabric', 'node01'].map((machine) => `labs-${name}-${machine}`);

const askingPods = `
apiVersion: v1
kind: Pod
metadata: { name: greedy }
spec:
  restartPolicy: Never
  containers:
    - name: c
      image: busybox
      command: [sh, -c, 'head -c 100000000 /dev/zero | tail | wc -c; sleep 1000']
      resources: { limits: { memory: 20Mi } }
---
apiVersion: v1
kind: Pod
metadata: { name: asking, labels: { app: asking } }
spec:
  restartPolicy: Never
  hostname: h
  subdomain: sub
  setHostnameAsFQDN: true
  shareProcessNamespace: true
  securityContext: { sysctls: [{ name: net.ipv4.ip_local_port_range, value: "40000 41000" }] }
  volumes:
    - { name: memory, emptyDir: { medium: Memory, sizeLimit: 1Mi } }
    - name: files
      projected:
        sources:
          - serviceAccountToken: { path: token }
          - downwardAPI:
              items:
                - { path: labels, fieldRef: { fieldPath: metadata.labels } }
                - { path: limit, resourceFieldRef: { containerName: second, resource: limits.memory, divisor: 1Mi } }
  initContainers:
    - { name: first, image: busybox, command: [sh, -c, 'echo from the first > /dev/shm/note'] }
  containers:
    - name: second
      image: busybox
      command:
        - sh
        - -c
        - |
          hostname; cat /proc/sys/net/ipv4/ip_local_port_range /files/labels; echo; cat /files/limit; echo
          cat /dev/shm/note /proc/1/comm; head -c 5000000 /dev/zero > /memory/x 2> /dev/null
          stat -c %s /memory/x; ls /files | grep token
      resources: { limits: { memory: 20Mi } }
      volumeMounts: [{ name: memory, mountPath: /memory }, { name: files, mountPath: /files }]`;

describe('a cluster', () => {
  const name = 'e2e-life';
  let cluster: Cluster;

  beforeAll(async () => {
    await cleanUp(name);
    ({ cluster } = await mustStart(requestFor(name)));
  });
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await cleanUp(name);
  });

  test('comes up with every node Ready and every component active', async () => {
    const nodes = await kubectl(name, 'get', 'nodes', '--no-headers');
    expect(nodes.match(/ Ready /g)).toHaveLength(2);
    const status = await statusOf(docker, name);
    expect(status?.state).toBe('running');
    const components = status?.members.flatMap((member) => member.components) ?? [];
    expect(components).toHaveLength(10);
    expect(components.filter(({ running }) => !running)).toEqual([]);
  });

  test('starts without pods, and with a nat table without rules of Docker', async () => {
    expect(await kubectl(name, 'get', 'pods', '--all-namespaces')).toBe('');
    const { iptables } = await cluster.fabric.call('facts', { place: cluster.place('node01'), want: ['iptables'] });
    expect(iptables).toContain('kube-dns');
    expect(iptables).not.toMatch(/docker/i);
  });

  test('runs sidecars, and shows the processes of a container to kubectl debug', { timeout: 120_000 }, async () => {
    const busybox = { image: 'busybox', command: ['sleep', '600'] };
    const side = { name: 'side', restartPolicy: 'Always', ...busybox };
    const pod = (podName: string, spec: object) => ({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: podName } },
      spec: { terminationGracePeriodSeconds: 1, initContainers: [side], ...spec },
    });
    const served = pod('served', { containers: [{ name: 'main', ...busybox }] });
    const done = { name: 'main', image: 'busybox', command: ['true'] };
    const job = pod('job', { restartPolicy: 'Never', containers: [done] });
    const items = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [served, job] });
    const command = ['sh', '-c', 'echo "$0" | kubectl apply -f -', items];
    expect(await docker.exec(`labs-${name}-controlplane`, { command: inMachine(command) })).toMatchObject({
      exitCode: 0,
    });
    await kubectl(name, 'wait', '--for=condition=Ready', 'pod/served', '--timeout=60s');
    expect(await kubectl(name, 'get', 'pod', 'served', '--no-headers')).toMatch(/^served +2\/2 +Running/);
    const look = ['--image=busybox', '--target=main', '--container=look', '--profile=general'];
    await kubectl(name, 'debug', 'served', ...look, '--', 'cat', '/proc/1/cmdline');
    await kubectl(
      ...([name, 'wait', 'pod/served', '--timeout=30s'] as const),
      '--for=jsonpath={.status.ephemeralContainerStatuses[0].state.terminated.exitCode}=0',
    );
    expect(await kubectl(name, 'logs', 'served', '--container=look')).toBe('sleep\x00600\x00');
    await kubectl(name, 'wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/job', '--timeout=60s');
    await kubectl(name, 'delete', 'pod', 'served', 'job');
  });

  test('resolves the names of its machines, and cannot reach an address outside of the lab', async () => {
    const { stdout } = await docker.exec(`labs-${name}-client`, { command: inMachine(['getent', 'hosts', 'node01']) });
    expect(stdout).toContain('192.168.56.11');
    const outside = await cluster.fabric.call('http', {
      place: cluster.place('node01'),
      url: 'http://198.51.100.1/',
      timeoutMs: 500,
    });
    expect(outside).toMatchObject({ ok: false });
  });

  test('gathers all facts of a node', async () => {
    const want = ['iptables', 'links', 'routes', 'listeners', 'processes', 'namespaces', 'sysctls'] as const;
    const facts = await cluster.fabric.call('facts', { place: cluster.place('node01'), want });
    expect(Object.keys(facts).sort()).toEqual([...want].sort());
    const proxy = facts.processes?.find(({ command }) => command === 'kube-proxy');
    expect(proxy).toMatchObject({ unit: 'kube-proxy.service' });
    expect(facts.sysctls).toMatchObject({ 'net.ipv4.ip_forward': '1' });
  });

  test('gives pods the memory, namespaces, names and volumes that they ask for, and no more', async () => {
    const command = ['sh', '-c', `kubectl create --filename=- <<'END'\n${askingPods}\nEND`];
    expect((await docker.exec(`labs-${name}-controlplane`, { command: inMachine(command) })).exitCode).toBe(0);
    const ends = (pod: string, phase: string) =>
      kubectl(name, 'wait', `--for=jsonpath={.status.phase}=${phase}`, `pod/${pod}`, '--timeout=30s');
    await Promise.all([ends('greedy', 'Failed'), ends('asking', 'Succeeded')]);
    const reason = '--output=jsonpath={.status.containerStatuses[0].state.terminated.reason}';
    expect(await kubectl(name, 'get', 'pod', 'greedy', reason)).toBe('OOMKilled');
    expect((await kubectl(name, 'logs', 'asking', '--container=second')).split('\n')).toEqual([
      'h.sub.default.svc.cluster.local',
      '40000\t41000',
      'app="asking"',
      '20',
      'from the first',
      'pause',
      '1048576',
      'token',
    ]);
    await kubectl(name, 'delete', 'pod', 'greedy', 'asking', '--force');
  });

  test('a second start restores a deleted link, and creates nothing else', async () => {
    await docker.exec(`labs-${name}-node01`, { command: inMachine(['ip', 'link', 'delete', 'eth0']) });
    const again = await mustStart(requestFor(name));
    await again.cluster[Symbol.asyncDispose]();
    expect(again.resumed).toBe(true);
    expect(again.events).toContainEqual(expect.objectContaining({ step: 'wire', state: 'done', detail: '1 links' }));
  });

  test('refuses a start with a changed specification', async () => {
    const request = requestFor(name);
    const changed = { ...request, plan: { ...request.plan, spec: { ...spec, podNetwork: 'vxlan' as const } } };
    expect((await tryStart(changed)).error).toMatchObject({ code: 'LAB_CHANGED', exitCode: 2 });
    expect((await statusOf(docker, name))?.state).toBe('running');
  });

  testProxyModes(name);

  test('comes back after a stop with the same addresses, objects and pods, and warns about a fault that a student made', async () => {
    await kubectl(name, 'run', 'web', '--image=web');
    await kubectl(name, 'expose', 'pod', 'web', '--port=80', '--type=NodePort');
    await kubectl(name, 'wait', '--for=condition=Ready', 'pod/web', '--timeout=20s');
    const kubeProxy = (...words: string[]) =>
      docker.exec(`labs-${name}-node01`, { command: inMachine(['systemctl', ...words, 'kube-proxy']) });
    await kubeProxy('disable', '--now');
    const look = async () => ({
      podIp: await kubectl(name, 'get', 'pod', 'web', '--output=jsonpath={.status.podIP}'),
      clusterIp: await kubectl(name, 'get', 'service', 'web', '--output=jsonpath={.spec.clusterIP}'),
      nodePort: await kubectl(name, 'get', 'service', 'web', '--output=jsonpath={.spec.ports[0].nodePort}'),
      uid: await kubectl(name, 'get', 'pod', 'web', '--output=jsonpath={.metadata.uid}'),
    });
    const before = await look();
    await cluster[Symbol.asyncDispose]();
    expect(await stopCluster(docker, name)).toBe(4);
    expect((await listClusters(docker)).find((one) => one.name === name)?.state).toBe('stopped');

    const resumed = await mustStart(requestFor(name));
    ({ cluster } = resumed);
    expect(resumed.warnings[0]).toBe('kube-proxy does not run on node01');
    expect((await statusOf(docker, name))?.state).toBe('running');
    const url = `http://192.168.56.10:${before.nodePort}/`;
    await eventually(
      'the web server answers again',
      async () => {
        const answer = await cluster.fabric.call('http', { place: cluster.place('client'), url, timeoutMs: 500 });
        return answer.ok && answer.body.includes('pod: web') ? done(undefined) : notYet(JSON.stringify(answer));
      },
      { timeoutMs: 20_000 },
    );
    expect(await look()).toEqual(before);
    const podIp = parseIpv4(before.podIp);
    const { links } = await cluster.fabric.call('facts', { place: cluster.place('node01', podIp), want: ['links'] });
    expect(links?.map((link) => link.name)).toContain('eth0');
    await kubeProxy('enable', '--now');
  });

  test('resumes after all of its containers were killed; a failed resume stops them and deletes nothing', async () => {
    await cluster[Symbol.asyncDispose]();
    await Promise.all(containers(name).map((container) => docker.kill(container)));
    await expect(openCluster(docker, name)).rejects.toMatchObject({ code: 'LAB_NOT_STARTED' });
    const abort = new AbortController();
    const interrupted = await tryStart(
      requestFor(name),
      ({ step, state }) => {
        if (step === 'api-server' && state === 'started') abort.abort(new Error('interrupted'));
      },
      abort.signal,
    );
    expect(interrupted.error).toMatchObject({ message: 'interrupted' });
    expect((await statusOf(docker, name))?.state).toBe('stopped');
    expect(await containersOf(name)).toEqual(containers(name));
    ({ cluster } = await mustStart(requestFor(name)));
    expect(await kubectl(name, 'get', 'service', 'web', '--output=name')).toBe('service/web');
  });

  test('is deleted completely from labels alone; a second delete does nothing', async () => {
    const pids = cluster.machines.map(({ pid }) => pid);
    await cluster[Symbol.asyncDispose]();
    expect(await deleteCluster(docker, name)).toBe(4);
    expect(await containersOf(name)).toEqual([]);
    expect(await deleteCluster(docker, name)).toBe(0);
    for (const pid of pids) await expect(readFile(`/proc/${pid}/comm`)).rejects.toThrow('ENOENT');
    expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toContain(name);
  });
});

describe('a start that fails', () => {
  const name = 'e2e-broken';
  beforeAll(() => cleanUp(name));
  afterEach(() => cleanUp(name));

  // cli-interrupt.test.ts interrupts the creation of the machines and the wiring.
  const steps = isLong ? ['image', 'create', 'install', 'start', 'wire', 'nodes'] : ['nodes'];
  test.each(steps)('leaves nothing when it is interrupted at the step "%s"', async (at) => {
    const abort = new AbortController();
    const { error, events } = await tryStart(
      requestFor(name),
      ({ step, state }) => {
        if (step === at && state === 'started') abort.abort(new Error('interrupted'));
      },
      abort.signal,
    );
    expect(error).toMatchObject({ message: 'interrupted' });
    expect(events.filter(({ state }) => state === 'failed')).toEqual([]);
    expect(await containersOf(name)).toEqual([]);
  });

  test('names the component that exits, its node and its last log lines, and leaves nothing', async () => {
    const request = requestFor(name);
    const bundles = async (file: string): Promise<Buffer> =>
      file === 'node/kubelet.js'
        ? Buffer.from('console.error("kubelet: no such cheese"); process.exit(7)')
        : request.bundles(file);
    const { error } = await tryStart({ ...request, bundles });
    expect(error).toMatchObject({ code: 'LAB_COMPONENT_DIED', exitCode: 3 });
    expect(String(error)).toMatch(/kubelet on (controlplane|node01) keeps exiting: \d+ restarts/);
    expect(String(error)).toContain('kubelet: no such cheese');
    expect(await containersOf(name)).toEqual([]);
  });

  test("leaves nothing when the lab's own setup fails", async () => {
    const setup = async (): Promise<void> => {
      throw new Error('the setup script failed');
    };
    const { error } = await tryStart(requestFor(name, { setup }));
    expect(error).toMatchObject({ message: 'the setup script failed' });
    expect(await containersOf(name)).toEqual([]);
  });

  test('touches nothing when the cluster is refused', async () => {
    const request = requestFor(name);
    const twice = { ...spec, clients: [{ name: 'node01' }] };
    const { error, events } = await tryStart({ ...request, plan: { ...request.plan, spec: twice } });
    expect(error).toMatchObject({ code: 'LAB_PLAN_REFUSED' });
    expect(events).toEqual([]);
  });
});
