// Which of two endpoints with one address counts.
import { expect, test } from 'vitest';
import type { Endpoint, EndpointSlice } from '../../../src/api/discovery.ts';
import { endpointsOf } from '../../../src/node/proxy/view/slice-endpoints.ts';

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
  const [found = []] = [...endpointsOf('default/web', slices, 'IPv4', 'n1').values()];
  return found.map(({ local, terminating: ends }) => ({ local, terminating: ends }));
};

test.each([
  ['a running pod before one that terminates, on this node even', endpoint('n2'), endpoint('n1', terminating), false],
  ['a ready one before one that is not', endpoint('n2'), endpoint('n1', { ready: false }), false],
  ['one on this node where both can be used', endpoint('n2'), endpoint('n1'), true],
])('of one address counts %s', (_rule, one, other, local) => {
  expect(chosen(one, other)).toEqual([{ local, terminating: false }]);
  expect(chosen(other, one)).toEqual([{ local, terminating: false }]);
});
