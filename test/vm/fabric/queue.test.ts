// The delay, loss and rate of links, by a kernel that has netem. What the contract test of wiring does on whatever the
// machine has.
import { expect, test } from 'vitest';
import { readMachine } from '../../../src/dataplane/cluster/model.ts';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';
import { farAddress, farPort, nearPort, type ShapedPair, shapedPair } from '../../support/shaped-link.ts';

/** Wires the pair until packets pass but for the queue: the kernel lets a bridge's new port forward a second later. */
const wired = async ({ wire, fabric, near, far }: ShapedPair): Promise<void> => {
  await wire();
  const forwarding = async () => {
    const ports = await fabric.sh('bridge link');
    return ports.match(/state forwarding/g)?.length === 2 ? done(undefined) : notYet(ports);
  };
  await eventually('both ports forward', forwarding, { timeoutMs: 60_000 });
  // Asking for a neighbour could be in vain.
  await far.sh('ip neigh replace 192.168.56.10 lladdr 02:42:c0:a8:38:0a dev eth0');
  await near.sh(`ip neigh replace ${farAddress} lladdr 02:42:c0:a8:38:0b dev eth0`);
};

/** Times of answers in milliseconds. */
const pings = async ({ near }: ShapedPair, words: string): Promise<readonly number[]> =>
  [...(await near.sh(`ping -n ${words} ${farAddress} || true`)).matchAll(/time=([\d.]+)/g)].map(([, time]) =>
    Number(time),
  );

test('packets to the machine take at least the delay, and the way back takes none of it', async () => {
  await using pair = await shapedPair({ delay: '150ms' });
  await wired(pair);
  expect(await pair.queueOf(farPort)).toMatchObject({ kind: 'netem', options: { delay: { delay: 0.15, jitter: 0 } } });
  expect(await pair.queueOf(nearPort)).toBeUndefined();
  const times = await pings(pair, '-c 5 -W 20');
  expect(times.length).toBeGreaterThan(0);
  for (const time of times) expect(time).toBeGreaterThanOrEqual(150);
});

test('the jitter is that of lab.yaml, and no packet comes earlier than it allows', async () => {
  await using pair = await shapedPair({ delay: '100ms', jitter: '20ms' });
  await wired(pair);
  expect(await pair.queueOf(farPort)).toMatchObject({ options: { delay: { delay: 0.1, jitter: 0.02 } } });
  for (const time of await pings(pair, '-c 10 -i 0.01 -W 20')) expect(time).toBeGreaterThanOrEqual(80);
});

test('a loss of 100% lets nothing through to the machine, and everything from it', async () => {
  await using pair = await shapedPair({ loss: '100%' });
  await wired(pair);
  expect(await pings(pair, '-c 20 -i 0.01 -W 1')).toEqual([]);
  expect((await pair.queueOf(farPort))?.drops).toBeGreaterThanOrEqual(20);
  // The requests of the machine arrive: `near` counts them.
  await pair.far.sh('ping -n -c 5 -i 0.01 -W 1 192.168.56.10 || true');
  const requests = Number(/^Icmp: .*\nIcmp: \d+ \d+ \d+ \d+ \d+ \d+ \d+ \d+ (\d+)/m.exec(await snmpOf(pair))?.[1]);
  expect(requests).toBe(5);
});

const snmpOf = ({ near }: ShapedPair): Promise<string> => near.sh('cat /proc/net/snmp');

test('of a loss of 50%, some packets arrive and some do not', async () => {
  await using pair = await shapedPair({ loss: '50%' });
  await wired(pair);
  const sent = 400;
  const arrived = (await pings(pair, `-c ${sent} -i 0.005 -W 2`)).length;
  // 10 standard deviations to each side.
  expect(arrived).toBeGreaterThan(sent / 4);
  expect(arrived).toBeLessThan((sent * 3) / 4);
});

test('a rate alone is a tbf, a rate beside others is a part of netem, in bytes per second', async () => {
  await using alone = await shapedPair({ rate: '10mbit' });
  await alone.wire();
  expect(await alone.queueOf(farPort)).toMatchObject({ kind: 'tbf', options: { rate: 1_250_000 } });
  await using beside = await shapedPair({ delay: '1ms', loss: '0.1%', rate: '8kbit' });
  await beside.wire();
  const queue = await beside.queueOf(farPort);
  expect(queue).toMatchObject({ kind: 'netem', options: { delay: { delay: 0.001 }, rate: { rate: 1000 } } });
  expect(queue?.options['loss-random']?.loss).toBeCloseTo(0.001, 6);
});

test('a second wiring changes nothing, and a new link has its queue again', async () => {
  await using pair = await shapedPair({ delay: '1ms' });
  await pair.wire();
  expect(await pair.wire()).toMatchObject({ links: 0 });
  await pair.far.sh('ip link delete eth0');
  expect(await pair.wire()).toMatchObject({ links: 1 });
  expect(await pair.queueOf(farPort)).toMatchObject({ kind: 'netem' });
});

test('root in the machine sees nothing of the queue, and cannot delete it', async () => {
  await using pair = await shapedPair({ loss: '100%' });
  await wired(pair);
  expect(await pair.far.sh('tc qdisc show dev eth0')).not.toContain('netem');
  await pair.far.sh('tc qdisc del dev eth0 root 2>/dev/null || true');
  expect(await pings(pair, '-c 5 -i 0.01 -W 1')).toEqual([]);
});

test('the model reads the losses of the fabric as the kernel keeps them', async () => {
  for (const [loss, share] of [
    ['100%', 1],
    ['5%', 0.05],
    ['0.1%', 0.001],
  ] as const) {
    await using pair = await shapedPair({ loss });
    await pair.wire();
    const [queues, addresses] = await Promise.all(
      ['tc -json qdisc show', 'ip -details -json address'].map((command) => pair.fabric.sh(command)),
    );
    const { losses } = readMachine({
      name: 'fabric',
      kind: 'fabric',
      texts: { queues: queues ?? '', addresses: addresses ?? '', routes: '' },
    });
    expect(Number(losses?.get(farPort)?.toFixed(5))).toBe(share);
  }
});
