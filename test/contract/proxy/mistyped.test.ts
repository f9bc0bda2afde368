// One mistyped endpoint: kube-proxy says what it leaves out, and programs all other services.
import { expect, test } from 'vitest';
import type { Service } from '../../../src/api/core.ts';
import type { EndpointSlice } from '../../../src/api/discovery.ts';
import { put, World } from '../../support/proxy/world.ts';

const service = (name: string, clusterIP: string): Service => ({
  metadata: { name, namespace: 'default' },
  spec: { clusterIP, ports: [{ port: 80 }] },
});
const slice = (name: string, ports: readonly number[], addresses: readonly string[]): EndpointSlice => ({
  metadata: { name: `${name}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  ports: ports.map((port, index) => ({ name: index === 0 ? '' : `p${index}`, protocol: 'TCP', port })),
  endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
});

const listings = {
  iptables: ['iptables-save', '-t', 'nat'],
  nftables: ['nft', 'list', 'table', 'ip', 'kube-proxy'],
  userspace: ['iptables-save', '-t', 'nat'],
} as const;

test.each(Object.entries(listings))('in %s mode stops no other service', async (mode, [tool, ...args]) => {
  await using world = await World.create();
  const rules = (): string => world.exec(tool, ...args);
  await world.change(
    put.service(service('outside', '10.96.0.66')),
    put.slice(slice('outside', [80, 99_999], ['fd00::1', '10.244.0.6'])),
    put.service(service('before', '10.96.0.7')),
    put.slice(slice('before', [8080], ['10.244.0.7'])),
  );
  await world.startProxy(`--proxy-mode=${mode}`);
  await world.until('both services have rules', () => /10\.96\.0\.7\b/.test(rules()) && rules().includes('10.96.0.66'));
  await world.change(put.service(service('after', '10.96.0.8')), put.slice(slice('after', [8080], ['10.244.0.8'])));
  await world.until('the later service has rules', () => /10\.96\.0\.8\b/.test(rules()), rules);
  expect(world.log()).toMatch(/"Incorrect IP version".* service="default\/outside".* value="fd00::1"/);
  expect(world.log()).toMatch(/"Ignoring invalid endpoint port".* portName="p1" port="?99999"?/);
  expect(rules()).not.toContain('fd00');
});

test('a service whose rules the kernel refuses is left out and named, and is programmed when the kernel takes them', async () => {
  await using world = await World.create();
  // Stands for a kernel that lacks a module.
  world.shadow(
    'iptables-restore',
    `#!/bin/sh
input=$(cat; echo x)
case $input in *default/refused*) echo "line 1: RULE_APPEND failed" >&2; exit 4;; esac
printf %s "\${input%x}" | /usr/sbin/iptables-nft-restore "$@"
`,
  );
  const services = ['before', 'refused', 'other'].map((name, index) => [
    put.service(service(name, `10.96.0.${index + 5}`)),
    put.slice(slice(name, [8080], [`10.244.0.${index + 5}`])),
  ]);
  const rules = (): string => world.save('iptables-save', '-t', 'nat');
  const has = (name: string): boolean => rules().includes(`default/${name} cluster IP`);
  await world.change(...services.flat());
  await world.startProxy();
  await world.until(
    'the others have rules',
    () => has('before') && has('other'),
    () => world.log(),
  );
  expect(has('refused')).toBe(false);
  expect(world.log()).toMatch(
    /"Leaving out a service port that the kernel refuses".* servicePortName="default\/refused"/,
  );
  await world.change(put.service(service('after', '10.96.0.9')), put.slice(slice('after', [8080], ['10.244.0.9'])));
  await world.until(
    'a later service has rules',
    () => has('after'),
    () => world.log(),
  );
  world.shadow('iptables-restore', '#!/bin/sh\nexec /usr/sbin/iptables-nft-restore "$@"\n');
  await world.change(put.slice(slice('refused', [8080], ['10.244.0.60'])));
  await world.until(
    'the refused service has rules',
    () => has('refused'),
    () => world.log(),
  );
});
