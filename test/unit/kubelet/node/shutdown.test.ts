import { expect, test } from 'vitest';
import { isDeaf } from '../../../../src/node/kubelet/node/shutdown.ts';

test.each([
  { name: 'sleep', caught: '0000000000000000', deaf: true },
  { name: 'nginx', caught: '0000000018016a07', deaf: false },
  { name: 'a shell with other traps', caught: '0000000000010002', deaf: true },
])('$name is deaf to SIGTERM: $deaf', ({ caught, deaf }) => {
  expect(isDeaf(`Name:\tx\nSigCgt:\t${caught}\n`)).toBe(deaf);
});

test('a process that is gone is not deaf', () => expect(isDeaf('')).toBe(false));
