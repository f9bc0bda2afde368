import { describe, expect, test } from 'vitest';
import type { CheckReport } from '../../../../src/api/report.ts';
import { changeCheck } from '../../../../src/host/grade/checks/change.ts';
import { gradeLab } from '../../../../src/host/grade/engine.ts';
import { LabError } from '../../../../src/kit/error.ts';
import { world } from '../web-world.ts';
import { accessTo, type Calls, labOf, nobody, type World } from '../world.ts';

const connected = { ok: true, remote: '10.96.0.1:80', milliseconds: 1, banner: '' } as const;
const refused = { ok: false, failure: 'refused', message: 'nothing answers' } as const;

const restart = {
  ...{ type: 'change', do: 'restart-kube-proxy', object: 'node/node01', from: 'pod/one' },
  ...{ to: '10.96.0.1:80', converges: '100ms' },
};

const outside = { from: 'client', to: '192.168.56.11:30080' };

const gradeAll = async (
  checks: readonly object[],
  inside: World,
  { changes = true, calls = [] }: { readonly changes?: boolean; readonly calls?: Calls } = {},
): Promise<readonly CheckReport[]> => {
  const lab = labOf(checks as Parameters<typeof labOf>[0]);
  const options = { lab, access: accessTo(inside, calls), progress: nobody, signal: new AbortController().signal };
  return (await gradeLab({ ...options, changes })).tasks.flatMap((task) => task.checks);
};

const fine: World = { ...world(), tcp: () => connected };

describe('a change check', () => {
  test('changes nothing unless the grading may', async () => {
    const calls: Calls = [];
    expect(await gradeAll([restart], fine, { changes: false, calls })).toMatchObject([
      { outcome: 'blocked', observed: expect.stringContaining('labs grade') },
    ]);
    expect(calls).not.toContain('beginChange');
    expect(calls).not.toContain('systemctl');
  });

  test('needs a service: a program by hand at its address is none', async () => {
    expect(await gradeAll([{ ...restart, to: '10.96.0.99:80' }], fine)).toMatchObject([
      { outcome: 'fail', observed: 'no service has 10.96.0.99:80' },
    ]);
  });

  test('is named before it changes anything', async () => {
    const calls: Calls = [];
    const named: (readonly [string, boolean])[] = [];
    const lab = labOf([{ ...restart, title: { en: 'Requests go on', ko: '요청이 계속 처리된다' } }]);
    const onTry = (title: string): void => void named.push([title, calls.includes('beginChange')]);
    const { signal } = new AbortController();
    await gradeLab({
      lab,
      access: accessTo(fine, calls),
      progress: nobody,
      changes: true,
      language: 'ko',
      onTry,
      signal,
    });
    expect(named).toEqual([['요청이 계속 처리된다', false]]);
  });

  test('passes when packets go to every endpoint afterwards, and undoes the change', async () => {
    const calls: Calls = [];
    expect(await gradeAll([{ ...restart, failures: 0 }], fine, { calls })).toMatchObject([
      {
        outcome: 'pass',
        expected: expect.stringMatching(/^within 0\.1 s after kube-proxy on node01 restarts, packets from pod one/),
        observed: expect.stringMatching(/^after 0\.\d s; 0 of \d+ requests failed$/),
      },
    ]);
    expect(calls.filter((method) => /hange$|systemctl/.test(method))).toEqual([
      ...['beginChange', 'beginChange', 'systemctl', 'systemctl', 'endChange'],
    ]);
  });

  test('fails when more requests fail than may, and when packets go elsewhere', async () => {
    let sent = 0;
    const flaky: World = { ...fine, tcp: () => (sent++ % 5 === 4 ? refused : connected) };
    expect(await gradeAll([{ ...restart, converges: '5s', failures: 1, rate: 50 }], flaky)).toMatchObject([
      { outcome: 'fail', hint: 'The first request failed because: nothing answers' },
    ]);
    const dropped: World = {
      ...world({ rules: '*filter\n-A FORWARD -d 10.244.1.3/32 -j DROP' }),
      tcp: () => connected,
    };
    expect(await gradeAll([{ ...restart, from: 'client', to: '192.168.56.11:30080' }], dropped)).toMatchObject([
      {
        outcome: 'fail',
        observed: 'before the change, packets did not go where they should: packets still end elsewhere: dropped',
      },
    ]);
  });

  test('deletes a pod, and makes it again as its author wrote it', async () => {
    const { objects = {}, ...rest } = world();
    const lists = structuredClone(objects) as Record<string, { metadata: { name: string; uid?: string } }[]>;
    const one = lists['/api/v1/pods']?.[0] as { metadata: { name: string; uid?: string; resourceVersion?: string } };
    Object.assign(one.metadata, { uid: 'old', resourceVersion: '7' });
    const [slice] = lists['/apis/discovery.k8s.io/v1/endpointslices'] as unknown as { endpoints: object[] }[];
    const ran: string[] = [];
    let made = '';
    let state = 'old|2026-01-01T00:00:00Z|';
    const exec = (argv: readonly string[], stdin: string): string => {
      ran.push(argv.filter((word) => !word.startsWith('--kubeconfig')).join(' '));
      if (argv.includes('delete')) slice?.endpoints.shift();
      if (argv.includes('--for=delete')) state = '||';
      if (argv.includes('create')) {
        made = stdin;
        slice?.endpoints.push({ addresses: ['10.244.1.4'] });
      }
      return argv.includes('get') ? state : '';
    };
    const check = { ...restart, do: 'delete-pod', object: 'pod/one', ...outside };
    const [report] = await gradeAll([check], { ...rest, objects: lists, exec, tcp: () => connected });
    expect(report).toMatchObject({ outcome: 'fail', observed: expect.stringContaining('elsewhere: 10.244.1.2:8080') });
    const look =
      'kubectl get pod/one -n default --ignore-not-found -o jsonpath={.metadata.uid}|{.metadata.deletionTimestamp}|{.metadata.finalizers[*]}';
    expect(ran).toEqual([
      'kubectl delete pod one -n default --grace-period=1 --wait=false',
      look,
      'kubectl wait --for=delete pod/one -n default --timeout=40s',
      look,
      'kubectl create -f -',
      'kubectl wait --for=condition=Ready pod/one -n default --timeout=40s',
    ]);
    expect(JSON.parse(made)).toEqual({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'one', namespace: 'default' } },
      spec: { nodeName: 'node01', containers: [], volumes: [] },
    });
  });

  test('adds a pod like the others of the service, and deletes it', async () => {
    const { objects = {}, ...rest } = world();
    const services = [
      {
        metadata: { name: 'web', namespace: 'default' },
        spec: { clusterIP: '10.96.0.1', selector: { app: 'web' }, ports: [{ port: 80 }] },
      },
    ];
    const pods = (objects['/api/v1/pods'] ?? []).map((each) => {
      const pod = each as { metadata: object };
      return { ...pod, metadata: { ...pod.metadata, labels: { app: 'web' } } };
    });
    const ran: string[] = [];
    const exec = (argv: readonly string[], stdin: string): string => {
      ran.push(`${argv[2]} ${stdin}`);
      return '';
    };
    const inside = { ...rest, objects: { ...objects, '/api/v1/services': services, '/api/v1/pods': pods }, exec };
    const check = { ...restart, do: 'add-endpoint', object: 'service/web' };
    const [report] = await gradeAll([check], { ...inside, tcp: () => connected });
    expect(report).toMatchObject({ outcome: 'fail', observed: expect.stringContaining('the endpoints are') });
    expect(ran).toEqual([
      expect.stringMatching(/^create .*"name":"labs-change-\w+".*"labels":\{"app":"web"\}/),
      'delete ',
      'get ',
    ]);
    expect(ran[0]).not.toContain('nodeName');
  });

  test('is broken, and undone, when the change could not be made', async () => {
    const calls: Calls = [];
    const exec = (argv: readonly string[]): string => {
      if (argv.includes('delete')) throw new Error('no');
      return '';
    };
    const check = { ...restart, do: 'delete-pod', object: 'pod/one', ...outside };
    expect(await gradeAll([check], { ...fine, exec }, { calls })).toMatchObject([{ outcome: 'broken' }]);
    expect(calls.at(-1)).toBe('endChange');
  });

  describe('fails, and the next check runs, when the student keeps the cluster from being as before', () => {
    const deletion = { ...restart, do: 'delete-pod', object: 'pod/one', ...outside };
    const gradeBoth = async (first: object, inside: World): Promise<readonly CheckReport[]> => {
      const calls: Calls = [];
      const reports = await gradeAll([{ ...first, id: 'first' }, restart], inside, { calls });
      expect(calls.filter((method) => method === 'endChange')).toHaveLength(2);
      return reports;
    };

    test('by a finalizer of the pod', async () => {
      const lists = structuredClone(fine.objects) as Record<string, { metadata: object }[]>;
      Object.assign(lists['/api/v1/pods']?.[0]?.metadata ?? {}, { finalizers: ['brk.io/x'] });
      const ran: string[] = [];
      const exec = (argv: readonly string[]): string => {
        ran.push(argv.join(' '));
        return '';
      };
      expect(await gradeBoth(deletion, { ...fine, objects: lists, exec })).toMatchObject([
        { outcome: 'fail', observed: 'the finalizers brk.io/x keep pod one from being deleted' },
        { outcome: 'pass' },
      ]);
      expect(ran).toEqual([]);
    });

    test('by a finalizer that comes later', async () => {
      const lists = structuredClone(fine.objects) as Record<string, { metadata: object }[]>;
      Object.assign(lists['/api/v1/pods']?.[0]?.metadata ?? {}, { uid: 'old' });
      const exec = (argv: readonly string[]): string => {
        if (argv.includes('--for=delete')) throw new Error('timed out');
        return argv.includes('get') ? 'old|2026-01-01T00:00:00Z|brk.io/x' : '';
      };
      expect(await gradeBoth(deletion, { ...fine, objects: lists, exec })).toMatchObject([
        {
          outcome: 'fail',
          observed:
            'after the change, the cluster is not as before: the finalizers brk.io/x keep pod one from being deleted',
        },
        { outcome: 'pass' },
      ]);
    });

    test('by a pod that is not Ready in its second life', async () => {
      const exec = (argv: readonly string[]): string => {
        if (argv.includes('--for=condition=Ready')) throw new Error('timed out');
        return '';
      };
      expect(await gradeBoth(deletion, { ...fine, exec })).toMatchObject([
        { outcome: 'fail', observed: expect.stringMatching(/pod one was made again, but is not Ready after 40 s$/) },
        { outcome: 'pass' },
      ]);
    });

    test('by a unit that does not start', async () => {
      let asked = 0;
      const systemctl = () => {
        asked += 1;
        if (asked < 3) throw new LabError('FABRIC_UNIT', 'systemd on node01 says that kube-proxy has failed');
      };
      expect(await gradeBoth(restart, { ...fine, systemctl })).toMatchObject([
        { outcome: 'fail', observed: 'systemd on node01 says that kube-proxy has failed' },
        { outcome: 'pass' },
      ]);
    });
  });

  test('is broken when the API fails, and says nothing of the log of kubectl', async () => {
    const exec = (argv: readonly string[]): string => {
      if (argv.includes('create'))
        throw new Error('E1130 02:00:00.000000 7 reflector.go:200] "Failed"\nthe server is away');
      return argv.includes('get') ? '||' : '';
    };
    const [report] = await gradeAll([{ ...restart, do: 'delete-pod', object: 'pod/one', ...outside }], {
      ...fine,
      exec,
    });
    expect(report).toMatchObject({ outcome: 'broken', observed: expect.stringContaining('the server is away') });
    expect(report?.observed).not.toContain('reflector');
  });

  test('fails without the object, and without a ready endpoint, and changes nothing', async () => {
    const calls: Calls = [];
    const none = { ...world({ ready: false }), tcp: () => connected };
    const missing = { ...restart, do: 'delete-pod', object: 'pod/nobody' };
    expect(await gradeAll([missing], fine, { calls })).toMatchObject([{ outcome: 'fail' }]);
    expect(await gradeAll([restart], none, { calls })).toMatchObject([
      {
        outcome: 'fail',
        observed: '10.96.0.1:80 has no ready endpoint',
        hint: 'Does its selector match the labels of pods that are ready?',
      },
    ]);
    expect(calls).not.toContain('beginChange');
  });

  test('waits for what it needs, runs last and alone, and lets others need it', async () => {
    const calls: Calls = [];
    const probe = { type: 'tcp', from: 'pod/one', to: '10.96.0.1:80' };
    const checks = [
      { ...restart, id: 'first' },
      { ...probe, id: 'after', needs: ['first'] },
      { ...restart, id: 'second' },
      { ...probe, id: 'wrong', not: true },
      { ...restart, id: 'never', needs: ['wrong'] },
    ];
    const outcomes = (await gradeAll(checks, fine, { calls })).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['pass', 'pass', 'pass', 'fail', 'blocked']);
    const changes = calls.filter((method) => method === 'beginChange' || method === 'endChange');
    expect(changes).toEqual(Array.from({ length: 2 }, () => ['beginChange', 'beginChange', 'endChange']).flat());
  });

  test('runs also when it waits for another one', async () => {
    const chain = [
      { ...restart, id: 'first' },
      { ...restart, id: 'second', needs: 'first' },
      { ...restart, id: 'third', needs: 'second' },
    ];
    expect((await gradeAll(chain, fine)).map(({ outcome }) => outcome)).toEqual(['pass', 'pass', 'pass']);
  });

  test('scales a deployment, and scales it back', async () => {
    const { objects = {}, ...rest } = world();
    const deployments = [{ metadata: { name: 'web', namespace: 'default' }, spec: { replicas: 2 } }];
    const ran: string[] = [];
    const exec = (argv: readonly string[]): string => {
      ran.push(argv.slice(2).join(' '));
      return argv.includes('get') ? 'deployment.apps/web' : '';
    };
    const inside = { ...rest, objects: { ...objects, '/apis/apps/v1/deployments': deployments }, exec };
    const check = { ...restart, do: 'scale', object: 'deployment/web', replicas: 4 };
    expect(await gradeAll([check], { ...inside, tcp: () => connected })).toMatchObject([
      { outcome: 'fail', expected: expect.stringContaining('after deployment web is scaled') },
    ]);
    const [first, , last] = ran;
    expect([first, last]).toEqual([4, 2].map((count) => `scale deployment/web -n default --replicas=${count}`));
  });

  test('refuses an object of another kind', () => {
    expect(changeCheck.mistakes?.({ do: 'scale', object: 'deployment/web' })).toMatchObject([{ field: 'replicas' }]);
    expect(changeCheck.mistakes?.({ do: 'delete-pod', object: 'service/web' })).toEqual([
      { field: 'object', message: 'delete-pod changes a pod: write pod/NAME' },
    ]);
    expect(changeCheck.mistakes?.({ do: 'delete-pod', object: 'pod/web' })).toEqual([]);
  });

  describe('of a node', () => {
    const { objects = {} } = fine;
    const withNode: World = {
      ...fine,
      objects: {
        ...objects,
        '/api/v1/nodes': [
          { metadata: { name: 'node01' }, status: { conditions: [{ type: 'Ready', status: 'True' }] } },
        ],
      },
    };
    const outage = { ...restart, from: 'client', to: '192.168.56.11:30080', converges: '45s' };

    test('takes a node off the network, restarts its components, and waits until it is Ready again', async () => {
      const calls: Calls = [];
      const ran: string[] = [];
      const exec = (argv: readonly string[]): string => {
        ran.push(argv.slice(2).join(' '));
        return '';
      };
      expect(await gradeAll([{ ...outage, do: 'reboot-node' }], { ...withNode, exec }, { calls })).toMatchObject([
        { outcome: 'pass', expected: expect.stringMatching(/^within 45 s after node01 reboots/) },
      ]);
      expect(calls.filter((method) => /hange$|systemctl|plug/.test(method))).toEqual([
        ...['beginChange', 'beginChange', 'plug', 'systemctl', 'plug', 'plug', 'endChange'],
      ]);
      expect(ran).toEqual(['wait --for=condition=Ready node/node01 --timeout=60s']);
    });

    test('fails without an endpoint elsewhere, and when the sender is on the node', async () => {
      const calls: Calls = [];
      const stop = { ...outage, do: 'stop-node' };
      const slices = structuredClone(objects['/apis/discovery.k8s.io/v1/endpointslices']) as { endpoints: object[] }[];
      for (const slice of slices) slice.endpoints = [{ addresses: ['10.244.1.2'] }];
      const lonely = {
        ...withNode,
        objects: { ...withNode.objects, '/apis/discovery.k8s.io/v1/endpointslices': slices },
      };
      expect(await gradeAll([stop], lonely, { calls })).toMatchObject([
        { outcome: 'fail', observed: 'all ready endpoints are on node01: 10.244.1.2:8080' },
      ]);
      expect(await gradeAll([{ ...stop, from: 'pod/one' }], withNode, { calls })).toMatchObject([
        { outcome: 'fail', observed: 'pod one is on node01, so it cannot send while node01 is away' },
      ]);
      expect(calls).not.toContain('plug');
    });

    test('is refused for a sender on the node, and with less time than the cluster needs to notice', () => {
      const stop = { do: 'stop-node', object: 'node/node01', from: 'client' };
      expect(changeCheck.mistakes?.({ ...stop, from: 'node/node01' })).toMatchObject([{ field: 'from' }]);
      expect(changeCheck.mistakes?.({ ...stop, during: [{ from: 'node/node01', to: 'a:1' }] })).toMatchObject([
        { field: 'from' },
      ]);
      expect(changeCheck.mistakes?.({ ...stop, converges: '20s' })).toMatchObject([{ field: 'converges' }]);
      expect(changeCheck.mistakes?.({ ...stop, object: 'node/*' })).toMatchObject([{ field: 'object' }]);
      expect(changeCheck.mistakes?.(stop)).toEqual([]);
    });
  });

  test('sends other requests during the change, and says which of them fail', async () => {
    const during = [
      { from: 'client', to: '10.96.0.9:53' },
      { from: 'pod/two', url: 'http://web/', body: 'hello', failures: 1000 },
      { from: 'pod/two', url: 'http://web/', status: 404 },
    ];
    const http = () => ({ ok: true, status: 200, remote: '', local: '', body: 'good day', milliseconds: 1 }) as const;
    const inside: World = { ...fine, tcp: (_, to) => (to === '10.96.0.9:53' ? refused : connected), http };
    const [first] = await gradeAll([{ ...restart, during: during.slice(0, 2) }], inside);
    expect(first).toMatchObject({
      outcome: 'fail',
      expected: expect.stringMatching(/; meanwhile, at most 0 requests from client to 10\.96\.0\.9:53 fail; /),
      observed: expect.stringMatching(/^(\d+) of \1 requests from client to 10\.96\.0\.9:53 failed meanwhile$/),
      hint: 'The first request failed because: nothing answers',
    });
    expect(await gradeAll([{ ...restart, during: during.slice(1, 2) }], inside)).toMatchObject([{ outcome: 'pass' }]);
    expect(await gradeAll([{ ...restart, during: during.slice(2) }], inside)).toMatchObject([
      { outcome: 'fail', hint: 'The first request failed because: http://web/ answered 200' },
    ]);
  });

  test('refuses other requests that are neither connections nor pages', () => {
    const mistakes = (item: object) => changeCheck.mistakes?.({ ...restart, during: [item] });
    expect(mistakes({ from: 'client' })).toMatchObject([{ field: 'during' }]);
    expect(mistakes({ from: 'client', to: 'a:1', body: 'x' })).toMatchObject([{ field: 'during' }]);
    expect(mistakes({ from: 'client', url: 'http://a/', body: 'x' })).toEqual([]);
  });
});
