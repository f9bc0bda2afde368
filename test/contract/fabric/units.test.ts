// Faults are made with the fabric's own tools.
import { expect, test } from 'vitest';
import { createFacts } from '../../../src/fabric/facts.ts';
import { createProcessTable } from '../../../src/fabric/processes.ts';
import { createRestore, systemctlIn } from '../../../src/fabric/units.ts';
import { startMachine } from './machine.ts';

test('rules reach a machine whose iptables-restore was replaced, and other rules stay unless they are flushed', async () => {
  await using machine = await startMachine();
  const place = { machine: 'm', pid: machine.pid };
  await machine.sh('iptables -t nat -A OUTPUT -j RETURN; mount --bind /usr/bin/true /usr/sbin/xtables-nft-multi');
  const restore = createRestore(createProcessTable());
  const rules = async () => (await createFacts(createProcessTable())({ place, want: ['iptables'] })).iptables;
  await restore({ place, input: '*nat\n-A OUTPUT -p tcp -j ACCEPT\nCOMMIT\n', flush: false });
  expect(await rules()).toMatch(/-A OUTPUT -j RETURN\n-A OUTPUT -p tcp -j ACCEPT/);
  await restore({ place, input: '*nat\n-A OUTPUT -p udp -j ACCEPT\nCOMMIT\n', flush: true });
  expect(await rules()).not.toContain('RETURN');
});

test('no systemd is asked for a process that is no machine', async () => {
  const place = { machine: 'm', pid: process.pid };
  await expect(systemctlIn({ place, verb: 'stop', units: ['ssh'] })).rejects.toMatchObject({
    code: 'FABRIC_NO_MACHINE',
  });
});
