import { describe, expect, test } from 'vitest';
import { didYouMean, nearest, nearestPaths } from '../../../src/kit/suggest.ts';

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
    ['r5', ['r1', 'r2', 'r3'], undefined],
    ['r5', ['r1', 'h1'], 'r1'],
  ])('for "%s" among %j is %s', (written, known, name) => expect(nearest(written, known)).toBe(name));
});

test('names that are equally near are all named, unless they are many', () => {
  expect(didYouMean('r5', ['r1', 'r2', 'h1'])).toBe('; did you mean "r1" or "r2"?');
  expect(didYouMean('r5', ['r1', 'r2', 'r3'])).toBe('; did you mean "r1", "r2" or "r3"?');
  expect(didYouMean('r5', ['r1', 'r2', 'r3', 'r4'])).toBe('');
  expect(didYouMean('r5', ['r1', 'r1'])).toBe('; did you mean "r1"?');
});

describe('the nearest file', () => {
  test.each([
    ['solve/nat.ts', ['solve/exam.ts', 'solve/dns.ts'], []],
    ['solve/nat.ts', ['tasks/nat.md'], []],
    ['solve/wab.ts', ['solve/web.ts', 'solve/mend.ts'], ['solve/web.ts']],
    ['web.ts', ['solve/web.ts'], ['solve/web.ts']],
    ['manifests/shop.yml', ['manifests/shop.yaml'], ['manifests/shop.yaml']],
    ['tasks/look.md', ['tasks/lok.md', 'tasks/lok.ko.md'], ['tasks/lok.md']],
  ])('for %s among %j is %j', (written, known, names) => expect(nearestPaths(written, known)).toEqual(names));
});
