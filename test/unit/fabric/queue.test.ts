import { expect, test } from 'vitest';
import { queueCommand } from '../../../src/fabric/queue.ts';

test.each([
  [{ delay: '20ms' }, 'netem limit 10000 delay 20ms'],
  [{ delay: '20ms', jitter: '5ms', loss: '5%' }, 'netem limit 10000 delay 20ms 5ms loss 5%'],
  [{ loss: '100%', rate: '10mbit' }, 'netem rate 10mbit loss 100%'],
  // A burst holds a whole packet, and a hundredth of a second of a high rate.
  [{ rate: '8kbit' }, 'tbf rate 8kbit burst 2000 limit 1502000'],
  [{ rate: '1.5gbit' }, 'tbf rate 1.5gbit burst 1875000 limit 3375000'],
])('%o', (quality, command) => {
  expect(queueCommand('lab-c0a8380b', quality).join(' ')).toBe(`qdisc replace dev lab-c0a8380b root ${command}`);
});
