import { expect, test } from 'vitest';
import { countRanges, kernelIsOlderThan } from '../../../../src/node/sys/machine.ts';

test.each([
  ['4.18.0-553.el8_10.x86_64', true],
  ['5.4.0-200-generic', true],
  ['5.9.0', false],
  ['5.15.0-1-amd64', false],
  ['6.1.0-50-cloud-amd64', false],
])('kernel %s: older than 5.9 is %s', (kernel, older) => {
  expect(kernelIsOlderThan([5, 9], kernel)).toBe(older);
});

test.each([
  ['0\n', 1],
  ['0-63\n', 64],
  ['0-3,8,10-11\n', 7],
])('the list of CPUs %j holds %i', (ranges, count) => {
  expect(countRanges(ranges)).toBe(count);
});
