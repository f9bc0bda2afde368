// A student who is root in the nodes tries to get points that the cluster does not deserve.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/api/report.ts';
import { labs, type Ran } from './cli-support.ts';
import { failuresIn, gradeUntil, isFull, ok, reportOf } from './graded-lab.ts';

const name = `e2e-attacks-${process.pid}`;
let state: string;

const run = (...argv: string[]): Promise<Ran> => labs(['--name', name, ...argv], { env: { XDG_STATE_HOME: state } });
const sh = (machine: string, script: string) => ok(run('shell', machine, '--', 'bash', '-euc', script));
const kubectl = (...argv: string[]) => ok(run('kubectl', ...argv));

const grade = (): Promise<Report> => reportOf(run('grade', '--json'));

const until = (wanted: (report: Report) => boolean): Promise<Report> => gradeUntil(grade, wanted);

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'labs-e2e-'));
  const started = await labs(['start', 'service-networking', '--name', name, '--yes'], {
    env: { XDG_STATE_HOME: state },
  });
  expect(started.exitCode, started.stderr).toBe(0);
  await ok(run('solve', '--yes'));
  expect(failuresIn(await until(isFull))).toEqual({});
});
afterAll(async () => {
  await run('delete', '--yes');
  await rm(state, { recursive: true, force: true });
});

interface Attack {
  readonly what: string;
  readonly attack: () => Promise<unknown>;
  readonly undo: () => Promise<unknown>;
  /** The checks that must not pass, with what the grader must have seen. */
  readonly caught: Readonly<Record<string, RegExp>>;
}

const dropIn = '/run/systemd/system/kube-proxy.service.d';
const elsewhere = /labs saw no packet of the request leave for it and arrive/;

const attacks: readonly Attack[] = [
  {
    what: 'a service of another pod whose page has the right word',
    attack: async () => {
      const onNode02 = '{"spec":{"nodeName":"node02"}}';
      await kubectl('run', 'my-orange', '--image=web', '--labels=app=mine', `--overrides=${onNode02}`);
      await kubectl('wait', '--for=condition=Ready', 'pod/my-orange', '--timeout=60s');
      await kubectl('set', 'selector', 'service/orange', 'app=mine');
    },
    undo: async () => {
      await kubectl('set', 'selector', 'service/orange', 'app=orange');
      await kubectl('delete', 'pod', 'my-orange', '--now');
    },
    caught: { 'orange-service/by-ip': elsewhere, 'orange-service/by-name': elsewhere },
  },
  {
    what: 'a DNAT in the client, past the node whose port is asked for',
    attack: () =>
      sh('client', 'iptables -t nat -I OUTPUT -d 192.168.56.12 -p tcp -j DNAT --to-destination 192.168.56.11'),
    undo: () => sh('client', 'iptables -t nat -F OUTPUT'),
    caught: { 'nodeport/node02': elsewhere },
  },
  {
    what: 'another program in the unit of kube-proxy, under its name',
    attack: () =>
      sh(
        'node02',
        `mkdir -p ${dropIn}
         printf '[Service]\\nExecStart=\\nExecStart=/usr/bin/node /tmp/fake.js\\n' > ${dropIn}/fake.conf
         echo "process.title = 'kube-proxy -v=6'; require('http').createServer((q, r) => r.end('lastUpdated')).listen(10256)" > /tmp/fake.js
         systemctl daemon-reload; systemctl restart kube-proxy`,
      ),
    undo: () => sh('node02', `rm -r ${dropIn}; systemctl daemon-reload; systemctl restart kube-proxy`),
    caught: { 'proxy-log/verbosity': /another program runs in the unit of kube-proxy on node02/ },
  },
  {
    what: 'the address of the service in a namespace that is mounted outside of /run/netns',
    attack: () =>
      sh(
        'node01',
        `: > /tmp/hidden; unshare --net=/tmp/hidden sh -c 'ip link set lo up; ip address add 10.103.132.104/32 dev lo'`,
      ),
    undo: () => sh('node01', 'umount /tmp/hidden'),
    caught: { 'db-service/no-interface': /10\.103\.132\.104/ },
  },
  {
    what: 'a second namespace with the address of a pod',
    attack: async () => {
      const { stdout } = await kubectl('get', 'pod', 'green', '-o', 'jsonpath={.status.podIP}');
      await sh('node02', `: > /tmp/twin; unshare --net=/tmp/twin sh -c 'ip address add ${stdout}/32 dev lo'`);
    },
    undo: () => sh('node02', 'umount /tmp/twin'),
    caught: { 'orange-service/same-node': /no network namespace of its own/ },
  },
];

test('attacks on what the grader sees are caught, nothing else fails, and nothing breaks', async () => {
  try {
    for (const { attack } of attacks) await attack();
    const report = await until((each) =>
      attacks.every(({ caught }) => Object.keys(caught).every((id) => id in failuresIn(each))),
    );
    const seen = failuresIn(report);
    for (const { what, caught } of attacks)
      for (const [id, reason] of Object.entries(caught)) expect(seen[id] ?? 'passed', `${what}: ${id}`).toMatch(reason);
    expect(report.broken, JSON.stringify(seen)).toBe(false);
    const tasks = new Set(Object.keys(seen).map((id) => id.split('/')[0]));
    expect([...tasks].sort()).toEqual(['db-service', 'mend-proxy', 'nodeport', 'orange-service', 'proxy-log']);
  } finally {
    // The other attacks begin with the full score.
    for (const { undo } of attacks) await undo();
  }
  expect(failuresIn(await until(isFull))).toEqual({});
});

test('a name server in the namespace of the pod itself is not the name server of the cluster', async () => {
  const server = `use Socket; socket my $s, PF_INET, SOCK_DGRAM, 0; bind $s, sockaddr_in(5353, INADDR_LOOPBACK);
    while (my $from = recv $s, my $m, 512, 0) {
      my ($name) = substr($m, 12) =~ /^(.*?\\0.{4})/s;
      my $head = substr($m, 0, 2) . pack('n5', 0x8400, 1, 1, 0, 0);
      send $s, $head . $name . pack('n3Nn', 0xc00c, 1, 1, 5, 4) . inet_aton($ARGV[0]), 0, $from;
    }`;
  const { stdout: address } = await kubectl('get', 'service', 'db-service', '-o', 'jsonpath={.spec.clusterIP}');
  const { stdout: blue } = await kubectl('get', 'pod', 'blue', '-o', 'jsonpath={.status.podIP} {.spec.nodeName}');
  const [podIp = '', node = ''] = blue.split(' ');
  const rule = 'OUTPUT -p udp --dport 53 -j REDIRECT --to-ports 5353';
  const inBlue = (script: string) =>
    sh(
      node,
      `for name in $(ip netns list | cut -d' ' -f1); do
         if ip -n $name -o address | grep -q 'inet ${podIp}/'; then ${script}; fi
       done`,
    );
  await sh(node, `cat > /tmp/dns.pl <<'END'\n${server}\nEND`);
  await inBlue(`systemd-run -q --unit=dns ip netns exec $name perl /tmp/dns.pl ${address}
    ip netns exec $name iptables -t nat -A ${rule}`);
  try {
    const report = await until((each) => 'db-service/reach' in failuresIn(each));
    expect(failuresIn(report)['db-service/reach']).toMatch(/something else answered/);
    expect(report.broken).toBe(false);
  } finally {
    await inBlue(`ip netns exec $name iptables -t nat -D ${rule}; systemctl stop dns`);
  }
  expect(failuresIn(await until(isFull))).toEqual({});
});

test('a relay that a student runs in place of kube-proxy is no service', async () => {
  const { stdout: podIp } = await kubectl('get', 'pod', 'orange', '-o', 'jsonpath={.status.podIP}');
  const { stdout: port } = await kubectl('get', 'service', 'orange-public', '-o', 'jsonpath={.spec.ports[0].nodePort}');
  await sh(
    'node02',
    `systemctl stop kube-proxy; iptables -t nat -F PREROUTING
     systemd-run -q --unit=relay socat TCP-LISTEN:${port},fork TCP:${podIp}:80`,
  );
  try {
    const report = await until((each) => elsewhere.test(failuresIn(each)['nodeport/node02'] ?? ''));
    expect(failuresIn(report)['nodeport/node02']).toMatch(elsewhere);
  } finally {
    await sh('node02', 'systemctl stop relay; systemctl start kube-proxy');
  }
  expect(failuresIn(await until(isFull))).toEqual({});
});

test('kube-proxy with other code in its process is another program; with other flags, it is kube-proxy', async () => {
  const flags = '--config=/etc/kubernetes/kube-proxy-config.yaml --hostname-override=node02 -v=6';
  const runWith = (service: string) =>
    sh(
      'node02',
      `mkdir -p ${dropIn}; printf '[Service]\n%b\n' '${service}' > ${dropIn}/own.conf
       systemctl daemon-reload; systemctl restart kube-proxy`,
    );
  const verbosity = async (wanted: RegExp): Promise<string> => {
    const look = () => reportOf(run('check', 'proxy-log', '--json'));
    const seen = (report: Report): string => failuresIn(report)['proxy-log/verbosity'] ?? 'passed';
    return seen(await gradeUntil(look, (report) => wanted.test(seen(report))));
  };
  const impostor = /another program runs in the unit of kube-proxy on node02/;
  await sh('node02', 'echo "setInterval(() => {}, 1e6)" > /tmp/own.js; cp /usr/lib/*/libz.so.1 /tmp/own.so');
  try {
    for (const service of [
      'Environment=NODE_OPTIONS=--require=/tmp/own.js',
      'Environment=NODE_COMPILE_CACHE=/tmp/code',
      `ExecStart=\\nExecStart=/usr/bin/node -r /tmp/own.js /usr/local/lib/labs/kube-proxy.js ${flags}`,
      'BindReadOnlyPaths=/tmp/own.js:/usr/local/lib/labs/kube-proxy.js',
      'BindReadOnlyPaths=/tmp/own.js:/usr/local/lib/labs/kube-proxy.js.cache',
      'BindReadOnlyPaths=/tmp/own.js:/usr/local/lib/labs/start.js',
      'BindReadOnlyPaths=/tmp/preload:/etc/ld.so.preload',
    ]) {
      await sh('node02', 'echo /tmp/own.so > /tmp/preload; touch /etc/ld.so.preload');
      await runWith(service);
      expect(await verbosity(impostor), service).toMatch(impostor);
    }
    await runWith(`ExecStart=\\nExecStart=/usr/local/bin/kube-proxy ${flags}`);
    expect(await verbosity(/^passed$/)).toBe('passed');
  } finally {
    await sh('node02', `rm -rf ${dropIn} /etc/ld.so.preload; systemctl daemon-reload; systemctl restart kube-proxy`);
  }
  expect(failuresIn(await until(isFull))).toEqual({});
});

test('a component in a frozen cgroup does not run, and that is no fault of labs', async () => {
  const freeze = (machine: string, unit: string, state: 0 | 1) =>
    sh(machine, `echo ${state} > /sys/fs/cgroup/system.slice/${unit}.service/cgroup.freeze`);
  const frozen = [
    ['node02', 'kube-proxy', /kube-proxy on node02 is stopped/],
    ['controlplane', 'kube-apiserver', /kube-apiserver doesn't run on controlplane/],
  ] as const;
  for (const [machine, unit, said] of frozen) {
    await freeze(machine, unit, 1);
    try {
      const report = await until((each) => said.test(JSON.stringify(failuresIn(each))));
      expect(JSON.stringify(failuresIn(report))).toMatch(said);
      expect(report.broken).toBe(false);
    } finally {
      await freeze(machine, unit, 0);
    }
  }
  expect(failuresIn(await until(isFull))).toEqual({});
});

test('names with line breaks make no rules, and are no fault of labs', async () => {
  await sh(
    'node01',
    `iptables -t nat -A INPUT -m recent --set --name $'x --mask 255.255.255.255 --rsource\\n-A INPUT -m recent --set --name y'`,
  );
  const report = await grade();
  expect(report.broken).toBe(false);
  expect(JSON.stringify(failuresIn(report))).toContain('a line break or a quote');
  await sh('node01', 'iptables -t nat -F INPUT');
  expect(failuresIn(await until(isFull))).toEqual({});
});

test('a status with no address is refused, and the kubelet corrects one with another address', async () => {
  const patch = (podIP: string) =>
    run('kubectl', 'patch', 'pod', 'blue', '--subresource=status', '-p', JSON.stringify({ status: { podIP } }));
  expect(await patch('/.*/')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('must be a valid IP address'),
  });
  await ok(patch('10.244.1.250'));
  await ok(
    run(
      'kubectl',
      'wait',
      'pod/blue',
      `--for=jsonpath={.status.podIPs[0].ip}=${await addressOf('blue')}`,
      '--timeout=30s',
    ),
  );
  expect(failuresIn(await until(isFull))).toEqual({});
});

test('lines that somebody else wrote into the log of kube-proxy do not prove that there was a service', async () => {
  await ok(run('reset', 'vanish', '--yes'));
  const lines = ['Adding new service port', 'Removing service port'].map(
    (what) => `I1130 02:00:00.000000 30 servicechangetracker.go:1] "${what}" portName="default/temp"`,
  );
  for (const machine of ['controlplane', 'node01', 'node02'])
    for (const line of lines)
      await sh(machine, `echo '${line}' | tee -a /var/log/kube-proxy.log | systemd-cat -t kube-proxy`);
  expect(failuresIn(await grade())).toMatchObject({ 'vanish/came': 'fail: no service temp was created' });
  await ok(run('solve', 'vanish', '--yes'));
  expect(failuresIn(await until(isFull))).toEqual({});
});

test('the address of a service in a namespace that only a socket keeps is found', async () => {
  const hide = `use Socket; use POSIX ();
    my ($setns, $unshare) = (POSIX::uname())[4] eq 'aarch64' ? (268, 97) : (308, 272);
    open my $home, '<', '/proc/self/ns/net'; syscall($unshare, 0x40000000) == 0 or die;
    system 'ip link set lo up; ip address add 10.103.132.104/32 dev lo';
    socket my $s, PF_INET, SOCK_STREAM, 0; bind $s, sockaddr_in(3306, INADDR_ANY); listen $s, 1;
    syscall($setns, fileno $home, 0x40000000) == 0 or die; close $home; sleep 600;`;
  await sh('node02', `cat > /tmp/hide.pl <<'END'\n${hide}\nEND\nsystemd-run -q --unit=hide perl /tmp/hide.pl`);
  const report = await until((each) => 'db-service/no-interface' in failuresIn(each));
  expect(failuresIn(report)['db-service/no-interface']).toMatch(/^fail: .*10\.103\.132\.104/);
  await sh('node02', 'systemctl stop hide');
  expect(failuresIn(await until(isFull))).toEqual({});
});

/** The address that a pod really has. */
const addressOf = async (pod: string): Promise<string> =>
  (await kubectl('exec', pod, '--', 'hostname', '-i')).stdout.trim();

describe('programs that a student wrapped before a task begins', () => {
  const wrapped: Readonly<Record<string, string>> = {
    controlplane: '/usr/bin/kubectl',
    node01: '/usr/sbin/iptables-restore /usr/sbin/iptables-save /usr/bin/systemctl /usr/sbin/ip',
    node02: '/usr/bin/systemctl /usr/sbin/iptables-restore',
  };
  const onAll = (script: string) =>
    Promise.all(
      Object.entries(wrapped).map(([machine, tools]) => sh(machine, `for tool in ${tools}; do ${script}; done`)),
    );

  test('do not keep a fault from the cluster', async () => {
    await onAll('[ -e $tool ] || continue; mv $tool $tool.real; ln -s /bin/true $tool');
    try {
      for (const task of ['mend-proxy', 'mend-selector', 'mend-rule']) await ok(run('reset', task, '--yes'));
      const seen = failuresIn(await grade());
      for (const id of ['mend-proxy/visitor', 'mend-selector/answers', 'mend-rule/buyer'])
        expect(seen[id] ?? 'passed', id).toMatch(/^fail/);
    } finally {
      await onAll('if [ -e $tool.real ]; then mv $tool.real $tool; fi');
    }
    for (const task of ['mend-proxy', 'mend-selector', 'mend-rule']) await ok(run('solve', task, '--yes'));
    expect(failuresIn(await until(isFull))).toEqual({});
  });
});

describe('the progress file', () => {
  const file = () => join(state, 'labs/progress', `${name}.json`);

  test('gives no points after a change by hand, and says what to do', async () => {
    const genuine = await readFile(file(), 'utf8');
    const answered = JSON.parse(genuine) as { answers: Record<string, string>; verified: Record<string, string> };
    const id = 'first-look/pod-maker';
    await writeFile(
      file(),
      JSON.stringify({ ...answered, answers: { ...answered.answers, [id]: 'banana' }, verified: { [id]: 'banana' } }),
    );
    const refused = await run('grade');
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toMatch(/was not written by labs, so it does not count[\s\S]*mv '/);
    await writeFile(file(), genuine);
    expect(failuresIn(await grade())).toEqual({});
  });

  test('shows answers that were tried one after the other', async () => {
    for (const last of [2, 3, 4, 5, 6, 7]) await run('answer', 'pod-network', 'bridge-address', `10.244.1.${last}`);
    await ok(run('answer', 'pod-network', 'bridge-address', '10.244.1.1'));
    const report = await grade();
    expect(report.tasks.find(({ id }) => id === 'pod-network')?.guessed).toMatchObject([
      { check: 'bridge-address', wrong: 6 },
    ]);
    expect(report.history?.filter(({ check }) => check === 'bridge-address')).toHaveLength(7);
  });
});

describe('another program with the key of the API server', () => {
  const caught = async (script: string, undo: string) => {
    // Passes on what the real API server says, and could change it. Where there is none, it invents an empty cluster.
    const fake = `const https = require('https'), fs = require('fs'), pki = '/etc/kubernetes/pki/';
      const read = (name) => fs.readFileSync(pki + name), ca = read('ca.crt');
      const own = { cert: read('apiserver-kubelet-client.crt'), key: read('apiserver-kubelet-client.key') };
      https.createServer({ key: read('apiserver.key'), cert: read('apiserver.crt') }, (q, r) => {
        if (process.argv[2] === '6443') return r.end('{"items":[]}');
        https.get({ host: '127.0.0.1', port: 6443, path: q.url, ca, ...own }, (a) => a.pipe(r));
      }).listen(Number(process.argv[2]));`;
    await sh('controlplane', `cat > /tmp/api.js <<'END'\n${fake}\nEND\n${script}`);
    try {
      const report = await grade();
      expect(report.broken).toBe(false);
      expect(JSON.stringify(failuresIn(report))).toContain('another program answers in the place of kube-apiserver');
    } finally {
      await sh('controlplane', `systemctl stop api; ${undo}`);
    }
    expect(failuresIn(await until(isFull))).toEqual({});
  };

  const start = (port: number) =>
    `systemd-run -q --unit=api node /tmp/api.js ${port}
     until (exec 3<> /dev/tcp/127.0.0.1/${port}) 2> /dev/null; do :; done`;

  test('does not answer in its place', () =>
    caught(`systemctl stop kube-apiserver; ${start(6443)}`, 'systemctl start kube-apiserver'));

  test('does not answer before it', () => {
    const rule = 'PREROUTING ! -s 192.168.56.12/30 -p tcp --dport 6443 -j REDIRECT --to-ports 6444';
    return caught(`${start(6444)}; iptables -t nat -I ${rule}`, `iptables -t nat -D ${rule}`);
  });
});
