import { expect, test } from 'vitest';
import { parseIpv4 } from '../../../src/api/scalars.ts';
import { gatherTopology } from '../../../src/host/cli/topology.ts';
import { drawNetwork } from '../../../src/host/cli/topology-text.ts';

test('shows what lab.yaml says about a link, behind the address', async () => {
  const fabric = { call: async () => ({ status: 200, body: { items: [] }, links: [] }) } as never;
  const machine = (name: string, role: 'worker' | 'host', address: string) => ({
    ...{ name, role, pid: 1, address: parseIpv4(address) },
  });
  const links: Readonly<Record<string, object>> = {
    node01: { quality: { delay: '20ms', jitter: '5ms', loss: '5%', rate: '10mbit' } },
    h1: { bridge: 'lan-a', quality: { rate: '8kbit' } },
  };
  const topology = await gatherTopology(
    { fabric, machines: [machine('node01', 'worker', '192.168.56.11'), machine('h1', 'host', '10.1.0.10')] },
    {
      bridge: { bridge: 'lab0', address: '192.168.56.1' },
      networks: [{ name: 'lan-a', cidr: '10.1.0.0/24' }],
      linksOf: (name) => [{ interface: 'eth0', ...links[name] }],
    },
  );
  expect(topology.machines.map(({ links: [link] }) => link?.quality)).toEqual([
    { delay: '20ms', jitter: '5ms', loss: '5%', rate: '10mbit' },
    { rate: '8kbit' },
  ]);
  expect(drawNetwork(topology, 'no pods')).toEqual([
    'lab0  192.168.56.1',
    '└─ eth0  node01  192.168.56.11  (delay 20ms, jitter 5ms, loss 5%, rate 10mbit)',
    'lan-a  10.1.0.0/24',
    '└─ eth0  h1  –  (rate 8kbit)',
  ]);
});
