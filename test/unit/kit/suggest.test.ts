import { describe, expect, test } from 'vitest';
import { nearest } from '../../../src/kit/suggest.ts';

describe('the nearest name', () => {
  test.each([
    ['proxy', ['podnet', 'kube-proxy', 'kubelet'], 'kube-proxy'],
    ['serv', ['vanish', 'service-networking'], 'service-networking'],
    ['apiserver', ['kube-scheduler', 'kube-apiserver'], 'kube-apiserver'],
    ['node1', ['node01', 'node02'], 'node01'],
    ['NODE01', ['node01', 'node02'], 'node01'],
    ['controlplain', ['controlplane', 'client'], 'controlplane'],
    ['xyz', ['node01', 'client'], undefined],
    ['x', [], undefined],
  ])('for "%s" among %j is %s', (written, known, name) => expect(nearest(written, known)).toBe(name));
});
