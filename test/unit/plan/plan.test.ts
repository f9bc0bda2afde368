import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { NodeSpecification } from '../../../src/api/cluster.ts';
import { parseCidr, parseIpv4 } from '../../../src/api/scalars.ts';
import { stateFolder } from '../../../src/host/plan/boot.ts';
import { signpost } from '../../../src/host/plan/files.ts';
import { seccompProfile } from '../../../src/host/plan/seccomp.ts';
import { contentOf, firstId, machineOf, planOf, threeNodes } from './fixtures.ts';

describe('machines', () => {
  const plan = planOf();
  const members = plan.machines.filter(({ role }) => role !== 'fabric');

  test('come as fabric, nodes in the order of their pod subnets, clients', () => {
    expect(plan.machines.map(({ name, role, container }) => [name, role, container])).toEqual([
      ['fabric', 'fabric', 'labs-service-networking-fabric'],
      ['controlplane', 'node', 'labs-service-networking-controlplane'],
      ['node01', 'node', 'labs-service-networking-node01'],
      ['node02', 'node', 'labs-service-networking-node02'],
      ['client', 'client', 'labs-service-networking-client'],
    ]);
  });

  test.each([
    ['controlplane', '192.168.56.10', '02:42:c0:a8:38:0a'],
    ['node01', '192.168.56.11', '02:42:c0:a8:38:0b'],
    ['node02', '192.168.56.12', '02:42:c0:a8:38:0c'],
    ['client', '192.168.56.100', '02:42:c0:a8:38:64'],
  ])('%s is plugged in at %s with a MAC address made of it', (name, address, mac) => {
    expect(machineOf(plan, name).link).toEqual({
      interface: 'eth0',
      address,
      prefix: 24,
      gateway: '192.168.56.1',
      mac,
    });
  });

  test('no machine is privileged, and only the fabric sees the processes and control groups of the others', () => {
    for (const machine of plan.machines) {
      expect(machine.capabilities).not.toContain('ALL');
      const shared = machine.name === 'fabric' ? 'host' : 'private';
      expect([machine.pidMode, machine.cgroupNamespace]).toEqual([shared, shared]);
    }
  });

  test('a container of a machine has no device, no writable files, and no capability but to become another user', () => {
    expect(members).toHaveLength(4);
    for (const machine of members) {
      expect(machine).toMatchObject({ dropCapabilities: ['ALL'], readOnly: true, deviceRules: [] });
      // To become the owner of the machine's user namespace, who has no rights outside of it.
      expect(machine.capabilities).toEqual(['SETUID', 'SETGID']);
      expect(machine.securityOptions).toContain('no-new-privileges');
      const profiles = machine.securityOptions.filter((option) => option.startsWith('seccomp='));
      expect(profiles.map((option) => JSON.parse(option.slice('seccomp='.length)))).toEqual([seccompProfile]);
      for (const { path, readOnly } of machine.mounts) expect(`${path} ${readOnly}`).toBe(`${path} true`);
    }
  });

  test('each machine has 65536 ids of its own, from the first one of the cluster', () => {
    expect(members.map(({ name, ids }) => [name, ids])).toEqual([
      ['controlplane', firstId],
      ['node01', firstId + 65_536],
      ['node02', firstId + 2 * 65_536],
      ['client', firstId + 3 * 65_536],
    ]);
    for (const { launcher, ids, ...rest } of members) {
      const prepare = contentOf({ ...rest, launcher, files: launcher }, `${stateFolder}/prepare`);
      expect([...prepare.matchAll(/echo 0 (\d+) (\d+) >/g)].map(([, first, count]) => [first, count])).toEqual([
        [String(ids), '65536'],
      ]);
    }
  });

  test('routers and hosts have ids of their own, too', () => {
    const networks = [{ name: 'lan-a', cidr: parseCidr('10.1.0.0/24') }];
    const machines = ['r1', 'r2'].map((name) => ({ name, role: 'router' as const, networks: [{ name: 'lan-a' }] }));
    const ids = planOf({ networks, machines }).machines.flatMap((machine) => machine.ids ?? []);
    expect(ids).toHaveLength(6);
    expect(new Set(ids).size).toBe(6);
    for (const id of ids) expect((id - firstId) % 65_536).toBe(0);
  });

  test('without user namespaces, a machine has the rights of the fabric, and everything else as always', () => {
    const unsafe = planOf({}, { firstId: undefined, unsafeNodes: true });
    for (const machine of unsafe.machines.slice(1)) {
      expect(machine).toMatchObject({ capabilities: ['NET_ADMIN', 'NET_RAW', 'SYS_ADMIN', 'SYS_PTRACE'] });
      expect(machine).not.toHaveProperty('ids');
      expect(machine.labels).not.toHaveProperty('labs.ids');
      expect(JSON.stringify(machine.launcher)).not.toMatch(/unshare --user|--user=/);
      const { command, files, limits, mounts, readOnly, tmpfs } = machineOf(plan, machine.name);
      expect(machine).toMatchObject({ command, files, limits, mounts, readOnly, tmpfs });
    }
  });

  test('only the fabric may make loop devices', () => {
    expect(machineOf(plan, 'fabric').deviceRules).toEqual(['b 7:* rwm', 'c 10:237 rwm']);
  });

  test('nobody may change what starts a machine', () => {
    for (const { launcher } of members)
      expect(launcher.map((file) => [file.path, 'mode' in file && file.mode])).toEqual([
        [`${stateFolder}/programs`, 0o444],
        [`${stateFolder}/launch`, 0o555],
        [`${stateFolder}/prepare`, 0o555],
        [`${stateFolder}/inner`, 0o555],
        [`${stateFolder}/enter`, 0o555],
      ]);
  });

  test('each start renews the programs of labs, and no other file', () => {
    for (const { name, launcher, files } of members) {
      const renewed = contentOf({ ...machineOf(plan, name), files: launcher }, `${stateFolder}/programs`).trim();
      const bundled = files.filter((file) => 'bundle' in file).map(({ path }) => path);
      const paths = renewed
        .split('\n')
        .filter(Boolean)
        .map((path) => `/${path}`);
      expect(paths).toEqual(expect.arrayContaining(bundled));
      for (const path of paths) expect(path).toMatch(/^\/usr\/local\/(?:lib\/labs|bin)\//);
    }
  });

  test('the fabric forwards nothing, so that no packet leaves the lab', () => {
    expect(machineOf(plan, 'fabric').sysctls).toEqual({ 'net.ipv4.ip_forward': '0' });
  });

  test('labels say everything that stopping, resuming and deleting need', () => {
    expect(machineOf(plan, 'node01').labels).toEqual({
      'labs.name': 'service-networking',
      'labs.lab': 'service-networking',
      'labs.role': 'node',
      'labs.machine': 'node01',
      'labs.definition': 'abc',
      'labs.version': '0.1.0',
      'labs.machines': '5',
      'labs.ids': String(firstId + 65_536),
      'labs.link': '192.168.56.11/24 via 192.168.56.1',
    });
  });

  test('no machine may use more cores than the engine has', () => {
    const small = planOf({}, { resources: { cpus: 1 } });
    expect(small.machines.map(({ limits }) => limits.cpus)).toEqual([1, 1, 1, 1, 1]);
  });

  test('the same input gives the same plan', () => {
    expect(planOf()).toEqual(plan);
  });

  test('a plan is plain data', () => {
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });
});

describe('units', () => {
  const plan = planOf();
  const unit = (machine: string, component: string): string =>
    contentOf(machineOf(plan, machine), `/etc/systemd/system/${component}.service`);

  test('the control plane runs seven components, a worker three', () => {
    expect(machineOf(plan, 'controlplane').components).toHaveLength(7);
    expect(machineOf(plan, 'node01').components).toEqual(['kubelet', 'kube-proxy', 'podnet']);
  });

  test('every unit is enabled, restarts for ever and waits for no other', () => {
    for (const machine of plan.machines) {
      for (const component of machine.components) {
        const content = unit(machine.name, component);
        expect(content).toMatch(/^Restart=always$/m);
        expect(content).toMatch(/^StartLimitIntervalSec=0$/m);
        expect(content).not.toMatch(/^(After|Requires)=/m);
        expect(machine.files).toContainEqual({
          path: `/etc/systemd/system/labs.target.wants/${component}.service`,
          symlink: `../${component}.service`,
        });
      }
    }
  });

  test("the API server's command line shows the service range", () => {
    expect(unit('controlplane', 'kube-apiserver')).toContain('--service-cluster-ip-range=10.96.0.0/12');
  });

  test('restarting the kubelet leaves pods alone', () => {
    expect(unit('node01', 'kubelet')).toMatch(/^KillMode=process$/m);
    expect(unit('node01', 'kube-proxy')).not.toMatch(/^KillMode/m);
  });

  test('only the control plane is tainted', () => {
    expect(unit('controlplane', 'kubelet')).toContain('--register-with-taints=');
    expect(unit('node01', 'kubelet')).not.toContain('--register-with-taints=');
  });

  test("a node's pod subnet follows the definition's order", () => {
    for (const [index, name] of ['controlplane', 'node01', 'node02'].entries())
      expect(unit(name, 'kubelet')).toMatch(new RegExp(`--node-labels=\\S*labs/pod-subnet=${index}(\\s|$)`));
  });

  test("a node registers with the lab's labels and zone", () => {
    const [first, ...others] = threeNodes.nodes;
    const nodes = [
      { ...(first as NodeSpecification), zone: 'a', labels: { disk: 'ssd', 'example.org/rack': '' } },
      ...others,
    ];
    const content = contentOf(machineOf(planOf({ nodes }), 'controlplane'), '/etc/systemd/system/kubelet.service');
    expect(content).toMatch(/--node-labels=\S*,topology\.kubernetes\.io\/zone=a,disk=ssd,example\.org\/rack=(\s|$)/);
  });

  test('a cluster with addresses for load balancers has speakers, and a controller that gives the addresses', () => {
    const found = planOf({ loadBalancerCidr: parseCidr('192.168.56.224/28') });
    const unit = (machine: string, component: string) =>
      contentOf(machineOf(found, machine), `/etc/systemd/system/${component}.service`);
    expect(machineOf(found, 'node01').components).toEqual(['kubelet', 'kube-proxy', 'podnet', 'lb-speaker']);
    expect(unit('node01', 'lb-speaker')).toContain('--load-balancer-cidr=192.168.56.224/28');
    expect(contentOf(machineOf(found, 'node01'), '/etc/kubernetes/lb-speaker.conf')).toContain('system:lb-speaker');
    expect(unit('controlplane', 'kube-controller-manager')).toContain('--load-balancer-cidr=192.168.56.224/28');
    expect(unit('controlplane', 'kubelet')).toContain('node.kubernetes.io/exclude-from-external-load-balancers=');
    expect(
      machineOf(planOf(), 'node01')
        .files.map(({ path }) => path)
        .join(),
    ).not.toContain('lb-speaker');
  });

  test('a node without kube-proxy has its program, and neither unit nor credentials', () => {
    const nodes = threeNodes.nodes.map((each) => (each.name === 'node01' ? { ...each, proxy: false } : each));
    const found = planOf({ nodes });
    const paths = (name: string) =>
      machineOf(found, name)
        .files.map(({ path }) => path)
        .filter((path) => path.includes('kube-proxy'));
    expect(machineOf(found, 'node01').components).toEqual(['kubelet', 'podnet']);
    expect(paths('node01')).toEqual([
      '/usr/local/lib/labs/kube-proxy.js',
      '/usr/local/lib/labs/kube-proxy.js.cache',
      '/usr/local/bin/kube-proxy',
    ]);
    expect(paths('node02')).toContain('/etc/kubernetes/kube-proxy.conf');
    expect(machineOf(found, 'node02').components).toContain('kube-proxy');
  });

  test("kube-proxy gets the lab's further flags", () => {
    const found = planOf({ proxy: { verbosity: 4, flags: ['--masquerade-all'] } });
    expect(contentOf(machineOf(found, 'node01'), '/etc/systemd/system/kube-proxy.service')).toContain(
      '--masquerade-all',
    );
  });

  test("kube-proxy's mode is passed only when the lab sets it", () => {
    expect(unit('node01', 'kube-proxy')).not.toContain('--proxy-mode');
    const chosen = planOf({ proxy: { mode: 'nftables', verbosity: 6 } });
    const content = contentOf(machineOf(chosen, 'node01'), '/etc/systemd/system/kube-proxy.service');
    expect(content).toContain('--proxy-mode=nftables');
    expect(content).toContain('-v=6');
  });
});

describe('files', () => {
  const plan = planOf();

  test('a kubeconfig names the server and holds the certificates of its own user', () => {
    const config = parse(contentOf(machineOf(plan, 'node02'), '/etc/kubernetes/kubelet.conf'));
    expect(config.clusters[0].cluster.server).toBe('https://192.168.56.10:6443');
    expect(config.users[0].name).toBe('system:node:node02');
    const certificate = Buffer.from(config.users[0].user['client-certificate-data'], 'base64').toString();
    expect(certificate).toBe('certificate of kubelet/node02\n');
  });

  test('only the control plane and the fabric have the kubeconfig of the administrator', () => {
    const withAdmin = plan.machines.filter(({ files }) => files.some(({ path }) => path.endsWith('admin.conf')));
    expect(withAdmin.map(({ name }) => name)).toEqual(['fabric', 'controlplane']);
  });

  test('keys and kubeconfigs are readable by root alone', () => {
    const notSecret = /^\/etc\/(systemd\/|resolv\.conf$)/;
    const secrets = plan.machines.flatMap(({ files }) =>
      files.filter(({ path }) => /\.(key|conf)$|\.kube\/config$/.test(path) && !notSecret.test(path)),
    );
    expect(secrets.length).toBeGreaterThan(10);
    for (const file of secrets) expect(file).toMatchObject({ mode: 0o600, secret: true });
  });

  test('no machine has the key of the authority that all machines believe', () => {
    const holders = plan.machines.filter(({ files }) =>
      files.some((file) => 'content' in file && file.content === 'ca key\n'),
    );
    expect(holders).toEqual([]);
  });

  test('only the control plane signs certificates, with an authority that only the API server believes', () => {
    const having = (text: string) =>
      plan.machines.flatMap(({ name, files }) =>
        files.flatMap((file) => ('content' in file && file.content?.includes(text) ? [`${name} ${file.path}`] : [])),
      );
    expect(having('client ca key')).toEqual(['controlplane /etc/kubernetes/pki/client-ca.key']);
    expect(having('client ca certificate')).toEqual([
      'controlplane /etc/kubernetes/pki/client-ca.crt',
      'controlplane /etc/kubernetes/pki/client-cas.crt',
    ]);
  });

  test('no path is written twice', () => {
    for (const { files } of plan.machines) {
      const paths = files.map(({ path }) => path);
      expect(new Set(paths).size).toBe(paths.length);
    }
  });

  test('a client gets no files of the cluster, only its names and the signpost that every machine has', () => {
    const { files } = machineOf(plan, 'client');
    expect(files.map(({ path }) => path)).toEqual(['/etc/hostname', '/etc/resolv.conf', '/etc/hosts', signpost.path]);
    expect(files).toContain(signpost);
    expect(machineOf(plan, 'node01').files).toContain(signpost);
  });

  test('a machine knows its own name and the addresses of all others, and no name server', () => {
    const node = machineOf(plan, 'node01');
    expect(contentOf(node, '/etc/hostname')).toBe('node01\n');
    expect(contentOf(node, '/etc/resolv.conf')).toBe('');
    expect(contentOf(node, '/etc/hosts').split('\n')).toEqual([
      '127.0.0.1\tlocalhost',
      '::1\tlocalhost ip6-localhost ip6-loopback',
      '192.168.56.10\tcontrolplane',
      '192.168.56.11\tnode01',
      '192.168.56.12\tnode02',
      '192.168.56.100\tclient',
      '',
    ]);
  });
});

describe('routers and hosts', () => {
  const plan = planOf({
    networks: [{ name: 'lan-a', cidr: parseCidr('10.1.0.0/30') }],
    machines: [
      { name: 'h1', role: 'host', networks: [{ name: 'lan-a', address: parseIpv4('10.1.0.2') }] },
      {
        name: 'r1',
        role: 'router',
        networks: [
          { name: 'lan-a', address: parseIpv4('10.1.0.1') },
          { name: 'cluster', address: parseIpv4('192.168.56.200') },
          { name: 'lan-a' },
        ],
        routes: [{ to: 'default', via: parseIpv4('192.168.56.201') }],
      },
    ],
  });

  test('have an interface for each network, with no default route of their own', () => {
    expect(machineOf(plan, 'r1').links).toEqual([
      { interface: 'eth0', address: '10.1.0.1', prefix: 30, bridge: 'lan-a', mac: '02:42:0a:01:00:01' },
      { interface: 'eth1', address: '192.168.56.200', prefix: 24, mac: '02:42:c0:a8:38:c8' },
      { interface: 'eth2', prefix: 30, bridge: 'lan-a', mac: '02:43:00:00:01:02', port: 'lab-m01i02' },
    ]);
    expect(machineOf(plan, 'r1').link).toBeUndefined();
  });

  test('keep their links and routes in labels, and count as machines', () => {
    const { labels, links, routes } = machineOf(plan, 'r1');
    expect(JSON.parse(labels['labs.links'] ?? '')).toEqual(links);
    expect(JSON.parse(labels['labs.routes'] ?? '')).toEqual(routes);
    expect(labels).toMatchObject({ 'labs.role': 'router', 'labs.machines': '7' });
  });

  test('forward packets only in the role router', () => {
    const inner = (name: string): string => {
      const { launcher, ...rest } = machineOf(plan, name);
      return contentOf({ ...rest, launcher, files: launcher }, `${stateFolder}/inner`);
    };
    expect(inner('r1')).toContain('set_sysctl ipv4/ip_forward 1');
    expect(inner('h1')).toContain('set_sysctl ipv4/ip_forward 0');
  });

  test('have no Kubernetes component, and are in the hosts file of every machine', () => {
    const { components, files } = machineOf(plan, 'r1');
    expect(components).toEqual([]);
    expect(files.map(({ path }) => path)).toEqual(['/etc/hostname', '/etc/resolv.conf', '/etc/hosts', signpost.path]);
    for (const name of ['node01', 'client', 'h1', 'r1']) {
      const hosts = contentOf(machineOf(plan, name), '/etc/hosts').split('\n');
      expect(hosts).toEqual(expect.arrayContaining(['10.1.0.2\th1', '10.1.0.1\tr1']));
    }
  });
});

describe('a link with a delay, a loss or a rate', () => {
  const link = { delay: '20ms', loss: '5%' };
  const plan = planOf({
    nodes: threeNodes.nodes.map((node) => (node.name === 'node01' ? { ...node, link } : node)),
    clients: [{ name: 'client', link: { rate: '1mbit' } }],
    networks: [{ name: 'lan-a', cidr: parseCidr('10.1.0.0/24'), link }],
    machines: [
      {
        name: 'r1',
        role: 'router',
        networks: [{ name: 'lan-a', link: { rate: '8kbit' } }, { name: 'cluster' }],
      },
      { name: 'h1', role: 'host', networks: [{ name: 'lan-a' }] },
    ],
  });

  test.each([
    ['controlplane', undefined],
    ['node01', link],
    ['client', { rate: '1mbit' }],
  ])('of %s is in the plan and in a label', (name, quality) => {
    const machine = machineOf(plan, name);
    expect(machine.link?.quality).toEqual(quality);
    expect(machine.labels['labs.quality']).toBe(quality && JSON.stringify(quality));
  });

  test('of a network is that of each machine there, unless the machine has its own', () => {
    expect(machineOf(plan, 'h1').links?.map(({ quality }) => quality)).toEqual([link]);
    expect(machineOf(plan, 'r1').links?.map(({ quality }) => quality)).toEqual([{ rate: '8kbit' }, undefined]);
  });
});
