import { describe, expect, test } from 'vitest';
import { ignoresTerm } from '../../../../src/node/kubelet/node/shutdown.ts';

describe('a process ignores SIGTERM', () => {
  test.each([
    { name: 'without any handler', caught: '0000000000000000', ignores: true },
    { name: 'with handlers for other signals only', caught: '0000000000010002', ignores: true },
    { name: 'with a handler for SIGTERM', caught: '0000000018016a07', ignores: false },
  ])('$name: $ignores', ({ caught, ignores }) => {
    expect(ignoresTerm(`Name:\tx\nSigCgt:\t${caught}\n`)).toBe(ignores);
  });

  test('when it has already ended: false', () => expect(ignoresTerm('')).toBe(false));
});
