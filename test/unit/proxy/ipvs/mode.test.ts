import { expect, test } from 'vitest';
import { isOlderThan } from '../../../../src/node/proxy/ipvs/mode.ts';

test.each([
  ['4.18.0-553.el8_10.x86_64', true],
  ['5.4.0-200-generic', true],
  ['5.9.0', false],
  ['5.15.0-1-amd64', false],
  ['6.1.0-50-cloud-amd64', false],
])('kernel %s: older than 5.9 is %s', (kernel, older) => {
  expect(isOlderThan(kernel, [5, 9])).toBe(older);
});
