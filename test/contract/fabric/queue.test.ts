// The queues of links on whatever kernel the machine has. test/vm/fabric/queue.test.ts measures what netem does.
import { expect, test } from 'vitest';
import { qualityText } from '../../../src/api/wiring.ts';
import { farPort, nearPort, shapedPair } from '../../support/shaped-link.ts';

test.each([
  ['netem', 'delay 1ms', { delay: '20ms', jitter: '5ms', loss: '5%' }],
  ['tbf', 'rate 1mbit burst 2000 limit 20000', { rate: '10mbit' }],
] as const)('a link has its queue of %s, or the wiring says that the kernel has none', async (kind, words, quality) => {
  await using pair = await shapedPair(quality);
  await pair.fabric.sh('ip link add pve0 type veth peer name pve1');
  const kernelSays = await pair.fabric.sh(`tc qdisc add dev pve0 root ${kind} ${words} 2>&1 || true`);
  const outcome = await pair.wire().catch((error: unknown) => error);
  const ports = await pair.fabric.sh('ip -o link show master lab0');
  if (kernelSays === '') {
    expect(outcome).toMatchObject({ links: 2 });
    expect(await pair.queueOf(farPort)).toMatchObject({ kind });
    expect(await pair.queueOf(nearPort)).toBeUndefined();
    expect(ports).toContain(`${farPort}@`);
    return;
  }
  console.warn(`${kind}, which this kernel lacks: only the refusal is tested. ${kernelSays}`);
  expect(outcome).toMatchObject({
    code: 'FABRIC_NO_QUEUE',
    message: `The kernel has no sch_${kind} for the link of far: ${qualityText(quality)}`,
  });
  // Not plugged in, so that the next wiring tries it again.
  expect(ports).toBe('');
});
