// How relays choose ports from --proxy-port-range.
import { expect, test } from 'vitest';
import { PortRange } from '../../../../src/node/proxy/userspace/port-range.ts';
import { FakePorts } from '../../../support/proxy/userspace/fake-ports.ts';

const create = (from: number, to: number) => {
  const relay = new FakePorts().createRelay('TCP');
  const range = new PortRange({ from, to });
  return { relay, open: () => range.open((port) => relay.listen('0.0.0.0', port)) };
};

test('uses ports one after the other, and skips ports of other programs', async () => {
  const { relay, open } = create(41_000, 41_003);
  await relay.listen('0.0.0.0', 41_001);
  expect([(await open()).port, (await open()).port, (await open()).port]).toEqual([41_000, 41_002, 41_003]);
});

test('fails when all ports are in use, and finds a port that was freed', async () => {
  const { open } = create(41_000, 41_001);
  const first = await open();
  await open();
  await expect(open()).rejects.toThrow('all ports from 41000 to 41001 are in use');
  first.close();
  expect((await open()).port).toBe(41_000);
});

test('fails at once for any other error', async () => {
  const range = new PortRange({ from: 41_000, to: 42_000 });
  await expect(range.open(() => Promise.reject(new Error('EMFILE')))).rejects.toThrow('EMFILE');
});
