// kube-proxy uses the iptables flavour (nft or legacy) that the node already uses, and waits for the xtables lock.
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { kubeProxy, put, World } from '../../support/proxy/world.ts';
import { isLong } from '../../support/runs.ts';

const flags = ['--cluster-cidr=10.244.0.0/16'];
const service = put.service({
  metadata: { name: 'db', namespace: 'default' },
  spec: { clusterIP: '10.96.0.5', ports: [{ port: 3306 }] },
});
const slice = put.slice({
  metadata: { name: 'db-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'db' } },
  addressType: 'IPv4',
  ports: [{ name: '', protocol: 'TCP', port: 3306 }],
  endpoints: [{ addresses: ['10.244.1.2'], conditions: { ready: true } }],
});

/** The flavours that hold the service's rules. */
const filled = (world: World): string[] =>
  ['nft', 'legacy'].filter((flavour) =>
    world.save(`iptables-${flavour}-save`, '-t', 'nat').includes('10.244.1.2:3306'),
  );

test.each([
  ['legacy', 'nft', ['iptables-nft', '-t', 'mangle', '-N', 'KUBE-KUBELET-CANARY'], 'it has a chain of the kubelet'],
  ['nft', 'legacy', ['ip6tables-legacy', '-t', 'mangle', '-N', 'KUBE-IPTABLES-HINT'], 'it has a chain of the kubelet'],
  ['nft', 'legacy', ['iptables-legacy', '-A', 'INPUT', '-j', 'ACCEPT'], 'it has most rules of this node'],
  ['legacy', 'legacy', ['true'], 'this node has no rules yet'],
  ['nft', 'nft', ['true'], 'this node has no rules yet'],
] as const)('when iptables is %s, writes the rules to %s after %j', async (machine, wanted, command, because) => {
  await using world = await World.create(machine);
  world.exec(...command);
  await world.change(service, slice);
  const first = await world.startProxy(...flags);
  expect(filled(world)).toEqual([wanted]);
  expect(world.log()).toContain(`because="${because}"`);
  // With rules of other programs, only the long tests look whether a restarted kube-proxy chooses the same flavour.
  if (command[0] !== 'true' && !isLong) return;
  await world.stop(first);
  await world.startProxy(...flags);
  expect(filled(world)).toEqual([wanted]);
  expect(world.log().match(/"Using iptables backend"/g), 'one line from each kube-proxy').toHaveLength(2);
});

/** In one network namespace, because --cleanup looks for rules of both flavours each time. */
test('--cleanup removes the rules from both flavours', async () => {
  await using world = await World.create('legacy');
  await world.change(service, slice);
  await world.stop(await world.startProxy(...flags));
  const saved = world.save('iptables-legacy-save');
  writeFileSync(join(world.folder, 'rules'), saved);
  world.exec('iptables-nft-restore', join(world.folder, 'rules'));
  expect(filled(world)).toEqual(['nft', 'legacy']);
  world.exec(process.execPath, kubeProxy, '--cleanup');
  for (const flavour of ['nft', 'legacy']) expect(world.save(`iptables-${flavour}-save`)).not.toContain('KUBE-');
});

/** Holds the xtables lock until its standard input ends, like a slow iptables-legacy. */
const holdLock = async (file: string): Promise<ChildProcess> => {
  const child = spawn('flock', [file, 'sh', '-c', 'echo held; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  return child;
};

test('names the held xtables lock in the log and retries until the lock is free', async () => {
  await using world = await World.create('legacy');
  const lock = join(world.folder, 'xtables.lock');
  // A separate lock file, so that no other program on this machine has to wait.
  for (const family of ['iptables', 'ip6tables']) {
    for (const verb of ['', '-restore']) {
      const script = `#!/bin/sh\nexport XTABLES_LOCKFILE=${lock}\nexec /usr/sbin/${family}-legacy${verb} "$@"\n`;
      world.shadow(`${family}${verb}`, script);
    }
  }
  await world.change(service, slice);
  const holder = await holdLock(lock);
  await world.launchProxy(...flags);
  await world.until(
    'the log names the lock',
    () => /another program has held the xtables lock/.test(world.log()),
    () => world.log(),
  );
  expect(filled(world)).toEqual([]);
  holder.stdin?.end();
  await world.until('the rules are there', () => filled(world).includes('legacy'));
});
