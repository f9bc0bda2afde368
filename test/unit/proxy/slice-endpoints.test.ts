// Which of two endpoints with the same address is used.
import { expect, test } from 'vitest';
import type { Endpoint, EndpointSlice } from '../../../src/api/discovery.ts';
import { checkSlice, endpointsOf } from '../../../src/node/proxy/view/slice-endpoints.ts';

const ip = '10.244.1.2';
const ready = { ready: true };
const terminating = { ready: false, serving: true, terminating: true };
const endpoint = (nodeName: string, conditions: Endpoint['conditions'] = ready): Endpoint => ({
  addresses: [ip],
  nodeName,
  ...(conditions ? { conditions } : {}),
});
const chosen = (...endpoints: Endpoint[]) => {
  const slices = endpoints.map(
    (each, index): EndpointSlice => ({
      metadata: { name: `web-${index}`, namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      ports: [{ name: 'p', protocol: 'TCP', port: 8080 }],
      endpoints: [each],
    }),
  );
  const checked = slices.flatMap((slice) => checkSlice(slice, { family: 'IPv4', nodeName: 'n1' }) ?? []);
  const [found = []] = [...endpointsOf(checked).values()];
  return found.map(({ local, terminating: ends }) => ({ local, terminating: ends }));
};

test.each([
  ['the running one, even if the terminating one is on this node', endpoint('n2'), endpoint('n1', terminating), false],
  ['the ready one', endpoint('n2'), endpoint('n1', { ready: false }), false],
  ['the one on this node when both are ready', endpoint('n2'), endpoint('n1'), true],
])('of two endpoints with the same address, uses %s', (_rule, one, other, local) => {
  expect(chosen(one, other)).toEqual([{ local, terminating: false }]);
  expect(chosen(other, one)).toEqual([{ local, terminating: false }]);
});
