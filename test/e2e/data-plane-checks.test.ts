// Checks that compare a node with what kube-proxy would write: against a student who changes the kernel by hand.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { KubeObject } from '../../src/api/meta.ts';
import type { CheckReport, Report } from '../../src/api/report.ts';
import { allResources, apiPathOf } from '../../src/api/resources.ts';
import { openCluster } from '../../src/host/cluster/open.ts';
import { checkKinds } from '../../src/host/grade/kinds.ts';
import { twinOf } from '../../src/host/plan/twin.ts';
import { done, eventually, notYet } from '../../src/kit/eventually.ts';
import { labs, type Ran, run as runProgram, spawnLabs } from './cli-support.ts';
import { docker, spec } from './cluster-support.ts';
import { ok, reportOf } from './graded-lab.ts';

const pod = (name: string, image: string, nodeName: string) => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: image } } },
  spec: { nodeName, containers: [{ name: image, image }] },
});
const service = (name: string, spec: object) => ({
  ...{ apiVersion: 'v1', kind: 'Service', metadata: { name } },
  spec: { selector: { app: 'web' }, ports: [{ port: 80 }], ...spec },
});
const objects = [
  pod('one', 'web', 'node01'),
  pod('two', 'web', 'node02'),
  pod('blue', 'toolbox', 'node01'),
  pod('green', 'toolbox', 'node02'),
  service('web', { type: 'LoadBalancer', clusterIP: '10.96.77.1', externalIPs: ['192.168.56.240'] }),
  service('local', {
    ...{ type: 'NodePort', externalTrafficPolicy: 'Local', sessionAffinity: 'ClientIP' },
    ports: [{ port: 81, targetPort: 80, nodePort: 30_081 }],
  }),
  service('empty', { type: 'NodePort', selector: { app: 'nobody' } }),
];

interface Trick {
  readonly what: string;
  /** In a shell of node01. */
  readonly script: string;
  readonly undo: string;
  /** What the check must have seen; `passes` where the effect on packets is that of kube-proxy. */
  readonly twin: RegExp | 'passes';
  readonly untouched: RegExp | 'passes';
}

/** Chains of kube-proxy and of others with the same priority: the kernel does not show which comes first. */
const dropped = /are dropped on node01|cannot be followed on node01: the order of/;
// A busy machine takes its time.
const converges = '60s';
const changes = [
  { do: 'delete-pod', object: 'pod/one', from: 'pod/blue', to: '10.96.77.1:80', converges },
  { do: 'add-endpoint', object: 'service/web', from: 'node/node02', to: '10.96.77.1:80', converges },
  { do: 'restart-kube-proxy', object: 'node/node01', from: 'node/node01', to: '10.96.77.1:80', converges },
  {
    ...{ do: 'reboot-node', object: 'node/node01', from: 'node/node02', to: '10.96.77.1:80', converges },
    // Neither the sender nor the API server is on that node.
    during: [{ from: 'pod/green', to: '192.168.56.10:6443' }],
  },
];
const stop = { do: 'stop-node', object: 'node/node01', from: 'pod/green', to: '10.96.77.1:80' };
const proxyLog = '/var/log/kube-proxy.log';
const onNode01 = { title: 'Log', type: 'log', on: 'node/node01' };
const logs = [
  { ...onNode01, id: 'own', path: proxyLog, line: '/Adding new service port.*default\\/web/' },
  { ...onNode01, id: 'unit', unit: 'kubelet', line: '/^I\\d{4} /' },
  { ...onNode01, id: 'forged', path: proxyLog, line: 'forged' },
];
/** Ways of a root to write a line that looks like one of kube-proxy. */
const forgeries = [
  `echo 'forged by echo' >> ${proxyLog}`,
  "logger -t kube-proxy 'forged by logger'",
  "echo 'forged by systemd-cat' | systemd-cat -t kube-proxy",
  'systemd-run -q -p SyslogIdentifier=kube-proxy --unit=kube-proxy-1 sh -c "echo forged by a unit; sleep 0.1"',
  `cat > /tmp/forge <<'END'
mkdir /sys/fs/cgroup/kube-proxy.service
echo $$ > /sys/fs/cgroup/kube-proxy.service/cgroup.procs
exec node -e 'console.log("forged by a cgroup")'
END
systemd-run -q --unit=mine bash /tmp/forge`,
];
const web = '10.96.77.1:80';
const node01 = { on: 'node/node01' };
/** At least one check of each kind that changes nothing. Whether they pass does not matter. */
const looks: readonly Readonly<Record<string, unknown>>[] = [
  { type: 'http', from: 'pod/blue', url: `http://${web}/`, times: 3 },
  { type: 'tcp', from: 'node/node02', to: web },
  { type: 'tcp', from: 'pod/blue', to: '10.96.77.1:9' },
  { type: 'lookup', from: 'pod/blue', name: 'web', address: '10.96.77.1' },
  { type: 'path', from: 'node/*', to: web, expect: 'endpoints' },
  { type: 'twin', on: 'node/*' },
  { type: 'untouched', on: 'node/*' },
  { type: 'iptables', ...node01, rules: { table: 'nat', chain: 'KUBE-SERVICES' } },
  { type: 'nftables', on: 'node/*', rules: { has: 'drop' } },
  { type: 'ipvs', ...node01, to: web },
  { type: 'conntrack', on: 'node/*', count: 5 },
  { type: 'conntrack', on: 'pod/blue', count: 5 },
  { type: 'sysctl', on: 'node/*', name: 'net.ipv4.ip_forward', value: 1 },
  { type: 'policy', from: 'pod/blue', to: 'pod/one', port: 80 },
  { type: 'link', on: 'node/*', name: 'cni0', everywhere: true },
  { type: 'route', ...node01, to: 'default' },
  { type: 'object', object: 'service/gone', history: 'deleted' },
  { type: 'process', ...node01, name: 'kube-proxy', listening: ':10256' },
  { type: 'file', ...node01, path: '/etc/hostname' },
  { type: 'log', ...node01, unit: 'kubelet', line: 'web' },
  { type: 'answer', question: 'Which?', veth: 'pod/blue' },
  { type: 'script', file: 'look.ts' },
];
const restart = 'systemctl restart kube-proxy';
const dropRule = '-p tcp --dport 80 -j DROP';

const common: readonly Trick[] = [
  {
    what: 'a rule that drops packets to pods',
    script: `iptables -I FORWARD ${dropRule}`,
    undo: `iptables -D FORWARD ${dropRule}`,
    twin: dropped,
    untouched: /added: `-A FORWARD -p tcp -m tcp --dport 80 -j DROP` \(iptables, table filter\)/,
  },
  {
    what: 'a rule that drops the answers of pods',
    script: 'iptables -I FORWARD -p tcp --sport 80 -j DROP',
    undo: 'iptables -D FORWARD -p tcp --sport 80 -j DROP',
    twin: /but the answers are dropped on node01|the answers cannot be followed on node01/,
    untouched: /added: `-A FORWARD -p tcp -m tcp --sport 80 -j DROP` \(iptables, table filter\)/,
  },
  {
    what: 'a rule that sends packets to a service to one pod',
    script: 'iptables -t nat -I PREROUTING -d 10.96.77.1 -p tcp --dport 80 -j DNAT --to-destination 10.244.1.9:80',
    undo: 'iptables -t nat -D PREROUTING 1',
    twin: /to 10\.96\.77\.1:80[ :]|to 10\.96\.77\.1:80 cannot be followed on node01: the order of/,
    untouched: /added: `-A PREROUTING -d 10\.96\.77\.1\/32 .*` \(iptables, table nat\)/,
  },
  {
    what: 'a native nft table',
    script:
      'nft "add table inet x; add chain inet x c { type filter hook input priority -10; }; add rule inet x c tcp dport 10250 drop"',
    undo: 'nft delete table inet x',
    twin: /to 192\.168\.56\.11:10250 are dropped on node01/,
    untouched: /added: `table inet x` \(nft, table inet x\)/,
  },
  {
    what: 'rules of iptables-legacy',
    script: `iptables-legacy -I FORWARD ${dropRule}`,
    undo: `iptables-legacy -D FORWARD ${dropRule}`,
    twin: dropped,
    untouched: /added: `-A FORWARD .*-j DROP` \(iptables-legacy, table filter\)/,
  },
  {
    what: 'a policy that drops',
    script: 'iptables -P FORWARD DROP',
    undo: 'iptables -P FORWARD ACCEPT',
    twin: dropped,
    untouched: /changed: `policy DROP of FORWARD` \(iptables, table filter\)/,
  },
  {
    what: 'a parameter of the kernel',
    script: 'sysctl -qw net.ipv4.ip_forward=0',
    undo: 'sysctl -qw net.ipv4.ip_forward=1',
    twin: /are dropped on node01/,
    untouched: 'passes',
  },
  {
    what: 'a rule that changes no packet',
    script: 'iptables -I FORWARD -d 10.99.99.99 -j ACCEPT',
    undo: 'iptables -D FORWARD 1',
    twin: 'passes',
    untouched: /added: `-A FORWARD -d 10\.99\.99\.99\/32 -j ACCEPT`/,
  },
];

const ordered: readonly Trick[] = [
  {
    what: 'a rule that was moved in its chain',
    script: `rule=$(iptables-save -t filter | grep -- "-A KUBE-FORWARD.*ESTABLISHED" | cut -c 4-)
eval iptables -D "$rule"; eval iptables -I "$rule"`,
    undo: restart,
    twin: 'passes',
    untouched: /moved: `-A KUBE-FORWARD .*RELATED,ESTABLISHED -j ACCEPT`/,
  },
  {
    what: 'an empty set, and tables that were only listed',
    script: 'ipset create foreign hash:ip; iptables -t raw -L > /dev/null',
    undo: 'ipset destroy foreign',
    twin: 'passes',
    untouched: /1 difference .*added: `create foreign hash:ip/,
  },
];

const chainOf = (prefix: string, comment: string): string =>
  `$(iptables-save -t nat | grep -o -- "-A KUBE-${prefix}-[A-Z0-9]* .*${comment}" | head -n 1 | cut -d " " -f 2)`;

const tricks: Readonly<Record<string, readonly Trick[]>> = {
  iptables: [
    ...common,
    ...ordered,
    {
      what: 'a removed masquerading rule',
      script: `iptables -t nat -D ${chainOf('EXT', 'default/web external')} 1`,
      undo: restart,
      twin: /It lacks|With kube-proxy: .*from 192\.168\.56\.11/,
      untouched: /missing: `-A KUBE-EXT-\w+ -m comment/,
    },
    {
      what: 'a changed probability',
      script: `chain=${chainOf('SVC', 'default/web ->')}
rule=$(iptables-save -t nat | grep -- "-A $chain .*--probability" | sed "s/0.5[0-9]*/0.25/; s/^-A $chain/-R $chain 2/")
eval iptables -t nat "$rule"`,
      undo: restart,
      twin: /75 % arrive at/,
      untouched: /added: `-A KUBE-SVC-\w+ .*0\.25.*missing: /,
    },
  ],
  nftables: [
    // What iptables rules do beside those of kube-proxy, and what the mode does not change.
    ...common.slice(1, 3),
    {
      what: 'a removed chain of kube-proxy',
      script: 'systemctl stop kube-proxy; nft flush chain ip kube-proxy services',
      undo: 'systemctl start kube-proxy',
      twin: /With kube-proxy: .*arrive at/,
      untouched: /missing: `services .*` \(nft, table ip kube-proxy\)/,
    },
  ],
};

describe.each(Object.entries(tricks))('in the mode %s', (mode, list) => {
  const name = `e2e-twin-${mode.slice(0, 3)}-${process.pid}`;
  let folder: string;
  const run = (...argv: string[]): Promise<Ran> =>
    labs(['--name', name, ...argv], { env: { XDG_STATE_HOME: join(folder, 'state') } });
  const sh = (script: string) => ok(run('shell', 'node01', '--', 'bash', '-euc', script));
  const grade = async (): Promise<readonly CheckReport[]> => {
    const { tasks } = await reportOf(run('check', 'task', '--json'));
    return tasks.flatMap(({ checks }) => checks);
  };

  /** Grades at most five times: kube-proxy needs a moment. */
  const expectPass = async (): Promise<void> => {
    let checks = await grade();
    const isGood = (): boolean => checks.every(({ outcome }) => outcome === 'pass');
    for (let tries = 0; tries < 4 && !isGood(); tries += 1) checks = await grade();
    expect(checks.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'labs-e2e-'));
    const lab = join(folder, 'twin-lab');
    await mkdir(join(lab, 'tasks'), { recursive: true });
    for (const task of ['task', 'change', 'stop', 'logs', 'looks'])
      await writeFile(join(lab, `tasks/${task}.md`), '# Task\n');
    await writeFile(join(lab, 'look.ts'), "export const check = async () => ({ pass: true, observed: 'seen' });\n");
    await writeFile(
      join(lab, 'lab.yaml'),
      stringify({
        ...{ apiVersion: 'labs/v1', name: 'twin-lab', title: 'Twin', summary: 'Twin' },
        cluster: {
          nodes: [{ name: 'controlplane', role: 'control-plane' }, { name: 'node01' }, { name: 'node02' }],
          proxy: { mode },
        },
        tasks: [
          {
            ...{ id: 'change', title: 'Change' },
            checks: changes.map((check, index) => ({ id: `c${index}`, title: 'Change', type: 'change', ...check })),
          },
          { id: 'stop', title: 'Stop', checks: [{ id: 'stop', title: 'Stop', type: 'change', ...stop }] },
          { ...{ id: 'logs', title: 'Logs' }, checks: logs },
          {
            ...{ id: 'looks', title: 'Looks' },
            checks: looks.map((check, index) => ({ id: `l${index}`, title: 'Look', ...check })),
          },
          {
            ...{ id: 'task', title: 'Task' },
            checks: ['twin', 'untouched'].map((type) => ({ id: type, title: type, type, on: 'node/*' })),
          },
        ],
      }),
    );
    const started = await labs(['start', lab, '--name', name, '--yes'], {
      env: { XDG_STATE_HOME: join(folder, 'state') },
    });
    expect(started.exitCode, started.stderr).toBe(0);
    const manifests = join(folder, 'objects.yaml');
    await writeFile(manifests, objects.map((object) => stringify(object)).join('---\n'));
    await ok(run('kubectl', 'apply', '-f', manifests));
    await ok(run('kubectl', 'wait', '--for=condition=Ready', 'pod', '--all', '--timeout=60s'));
    await expectPass();
  });
  afterAll(async () => {
    await run('delete', '--yes');
    await rm(folder, { recursive: true, force: true });
  });

  test.each(list)('sees $what', async ({ script, undo, twin, untouched }) => {
    await sh(script);
    const seen = await grade();
    await sh(undo);
    expect(seen).toMatchObject([twin, untouched].map(verdictOf));
    await expectPass();
  });

  const pods = async (): Promise<string> => (await run('kubectl', 'get', 'pods', '-o', 'name')).stdout;

  test('grading changes nothing in the kernel and in the API', async () => {
    const types = new Set(looks.map(({ type }) => type));
    expect(checkKinds.map(({ type }) => type).filter((type) => !types.has(type))).toEqual(['change']);
    const before = await snapshotOf(name);
    expect(before.length).toBeGreaterThan(10);
    const { stdout } = await run('check', 'looks', '--json');
    const checks = (JSON.parse(stdout) as Report).tasks.flatMap((task) => task.checks);
    expect(checks.length).toBe(looks.length);
    // Many kernels lack IPVS.
    const ipvs = `l${looks.findIndex(({ type }) => type === 'ipvs')}`;
    expect(checks.filter(({ id, outcome }) => outcome === 'broken' && id !== ipvs)).toEqual([]);
    expect(await snapshotOf(name)).toEqual(before);
  });

  // Once is enough: these do not depend on the mode.
  if (mode === 'iptables') {
    test('changes the cluster, judges it, and leaves it as it was', async () => {
      const before = await pods();
      const { stdout, exitCode } = await run('check', 'change', '--json');
      expect(exitCode, stdout).toBe(0);
      expect(await pods()).toBe(before);
      const killed = spawnLabs(['--name', name, 'check', 'change'], { env: { XDG_STATE_HOME: join(folder, 'state') } });
      await eventually(
        'a pod is away',
        async () => ((await pods()) === before ? notYet('all are there') : done(undefined)),
        { timeoutMs: 60_000 },
      );
      killed.kill('SIGKILL');
      await killed;
      const next = await run('check', 'task', '--json');
      expect(next.stderr).toContain('What it had changed is undone.');
      expect(await pods()).toBe(before);
    });

    test('brings a node back that a killed grader took off the network, with its rules and routes', async () => {
      const state = async (): Promise<string> => {
        const saved = 'iptables-save | sed "s/ *\\[.*//; /^#/d" | sort; ip route';
        return (await sh(saved)).stdout;
      };
      const status = async (): Promise<string> =>
        (
          await run(
            'kubectl',
            'get',
            'node',
            'node01',
            '-o',
            'jsonpath={.status.conditions[?(@.type=="Ready")].status}',
          )
        ).stdout;
      await sh('ip route add 10.9.9.0/24 via 192.168.56.1; iptables -I FORWARD -d 10.99.99.99 -j DROP');
      const before = await state();
      const killed = spawnLabs(['--name', name, 'check', 'stop'], { env: { XDG_STATE_HOME: join(folder, 'state') } });
      const look = async () => ((await status()) === 'Unknown' ? done(undefined) : notYet('it seems to run'));
      await eventually('the cluster notices that the node is away', look, { timeoutMs: 120_000 });
      killed.kill('SIGKILL');
      await killed;
      const next = await run('check', 'task', '--json');
      expect(next.stderr).toContain('What it had changed is undone.');
      expect(await status()).toBe('True');
      // kube-proxy needs a moment to see that the pods of the node are ready.
      const asBefore = async () => ((await state()) === before ? done(undefined) : notYet('they differ'));
      await eventually('the rules and routes are as before', asBefore, { timeoutMs: 20_000 });
      await sh('ip route delete 10.9.9.0/24; iptables -D FORWARD 1');
      await expectPass();
    });

    test('counts no line that somebody else wrote into the log of a component', async () => {
      for (const forgery of forgeries) await sh(forgery);
      for (const how of ['echo', 'logger', 'systemd-cat', 'a unit', 'a cgroup'])
        await eventually(
          `the line of ${how} is there`,
          async () => {
            const { stdout } = await run('shell', 'node01', '--', 'sh', '-c', `cat ${proxyLog}; journalctl -o cat`);
            return stdout.split('\n').some((line) => line === `forged by ${how}`) ? done(undefined) : notYet(stdout);
          },
          { timeoutMs: 20_000 },
        );
      const { stdout } = await run('check', 'logs', '--json');
      const outcomes = (JSON.parse(stdout) as Report).tasks[0]?.checks.map(({ id, outcome, observed }) => [
        id,
        outcome === 'pass' ? outcome : observed,
      ]);
      expect(outcomes).toEqual([
        ['own', 'pass'],
        ['unit', 'pass'],
        ['forged', 'kube-proxy on node01 has logged no such line'],
      ]);
    });

    test('leaves nothing of a twin when its agent is killed', async () => {
      const fabric = `labs-${name}-fabric`;
      // The brackets keep the search from finding itself.
      const processes = async (): Promise<number> =>
        Number((await runProgram(['docker', 'exec', fabric, 'pgrep', '-fc', '[k]ube-proxy.js --config=/run/'])).stdout);
      const look = (isRunning: boolean) => async () => {
        const seen = await processes();
        return seen > 0 === isRunning ? done(undefined) : notYet(`${seen} processes`);
      };
      await eventually('no twin runs', look(false), { timeoutMs: 30_000 });
      // Waits for the pod CIDR of a node that does not exist.
      const flags = ['--detect-local-mode=NodeCIDR', '--hostname-override=nobody'];
      const params = { ...twinOf(spec, 'node01'), flags };
      const program = ['node', '/usr/local/lib/labs/fabric.js', 'agent'];
      const agent = execa('docker', ['exec', '-i', fabric, ...program], { reject: false });
      agent.stdin.write(`${JSON.stringify({ id: 1, method: 'twin', params })}\n`);
      await eventually('a twin runs', look(true), { timeoutMs: 30_000, maxIntervalMs: 50 });
      agent.kill('SIGKILL');
      await eventually('the twin has ended', look(false), { timeoutMs: 30_000 });
    });
  }

  test('sees no foreign rules after many changes of services, endpoints and host ports', async () => {
    for (const port of [5, 3, 9, 3])
      await run('kubectl', 'create', 'service', 'clusterip', `s${port}`, `--tcp=8${port}:80`);
    const mapped = { ...pod('mapped', 'web', 'node01') };
    const containers = [{ name: 'web', image: 'web', ports: [{ containerPort: 80, hostPort: 8088 }] }];
    await writeFile(join(folder, 'mapped.yaml'), stringify({ ...mapped, spec: { nodeName: 'node01', containers } }));
    await ok(run('kubectl', 'apply', '-f', join(folder, 'mapped.yaml')));
    await ok(run('kubectl', 'delete', 'service', 's3'));
    await ok(run('kubectl', 'wait', '--for=condition=Ready', 'pod', '--all', '--timeout=60s'));
    await expectPass();
    await ok(run('kubectl', 'delete', 'pod', 'mapped', 'one', '--now'));
    await expectPass();
  });
});

const verdictOf = (wanted: RegExp | 'passes') =>
  wanted === 'passes' ? { outcome: 'pass' } : { outcome: 'fail', observed: expect.stringMatching(wanted) };

/** What traffic leaves behind by itself: counters, and what the kernel learns and forgets. */
const passing =
  /"(?:packets|bytes|handle|expires|used|fdb_n_learned|\w+_timer)": ?[\d.]+,? ?|\[\d+:\d+\]|# (?:Generated|Completed)[^\\]*/g;
/** What the components write all the time. */
const heartbeats = /"(?:resourceVersion|lastHeartbeatTime|renewTime)":"[^"]*",?|"managedFields":\[.*?\]\}\],?/g;

/** All that decides where packets go, and all objects, as texts. */
const snapshotOf = async (name: string): Promise<readonly string[]> => {
  await using cluster = await openCluster(docker, name);
  const machines = cluster.machines.map(({ name: machine, pid }) => ({ machine, pid }));
  const spaces = await cluster.fabric.call('dataplane', { machines });
  const kernel = spaces.map(({ neighbours: _, fdb: __, recent: ___, listeners, ...texts }) => ({
    ...texts,
    listeners: listeners.map((listener) => JSON.stringify(listener)).sort(),
  }));
  const lists = await Promise.all(
    allResources
      .filter(({ plural }) => !['leases', 'events'].includes(plural))
      .map(async (resource) => {
        const path = `${apiPathOf(resource)}/${resource.plural}`;
        const { body } = await cluster.fabric.call('kube', { path });
        return (body as { readonly items: readonly KubeObject[] }).items.map((object) => ({ path, object }));
      }),
  );
  const texts = [...kernel, ...lists.flat()].map((each) => JSON.stringify(each));
  return texts.map((text) => text.replaceAll('\\"', '"').replaceAll(passing, '').replaceAll(heartbeats, '')).sort();
};
