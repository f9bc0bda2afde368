// The log says why topology hints are not used.
import { expect, test } from 'vitest';
import type { ProxyEndpoint, ServicePort } from '../../../src/node/proxy/types.ts';
import { logIgnoredHints } from '../../../src/node/proxy/view/log-hints.ts';
import { ip, port } from '../../support/proxy/scalars.ts';

const service: ServicePort = {
  ...{ key: 'a/b/TCP', service: 'a/b', portName: 'a/b', protocol: 'TCP', clusterIp: ip('10.96.0.20'), port: port(80) },
  ...{ nodePort: 0, externalIps: [], loadBalancerIps: [], sourceRanges: [], affinitySeconds: undefined },
  ...{ externalPolicyLocal: false, internalPolicyLocal: false, healthCheckNodePort: 0 },
};
const endpoint = (zones: string[], nodes: string[] = [], ready = true): ProxyEndpoint => ({
  ...{ address: '10.0.0.1:80', ip: ip('10.0.0.1'), port: port(80), local: false, serving: true, terminating: false },
  ...{ ready, zoneHints: zones, nodeHints: nodes },
});

const linesOf = (endpoints: ProxyEndpoint[], zone: string | undefined, of = service): string[] => {
  const lines: string[] = [];
  const info = (level: number, message: string, fields?: object): void => {
    lines.push(`${level} ${message.replace('topology hints for service since ', '')} ${JSON.stringify(fields)}`);
  };
  const log = { info, warning: () => {}, error: () => {}, enabled: () => true };
  logIgnoredHints(of, endpoints, { name: 'n1', zone }, log);
  return lines;
};
const named = '"service":"10.96.0.20:80/TCP"';

test('hints of other zones are ignored at -v=2', () => {
  expect(linesOf([endpoint(['b'])], 'a')).toContain(
    `2 Ignoring same-zone no hints were provided for zone {${named},"zone":"a"}`,
  );
});

test('hints are ignored at -v=2 on a node without a zone', () => {
  expect(linesOf([endpoint(['b'])], undefined)).toContain(
    `2 Ignoring same-zone node is missing label {${named},"label":"topology.kubernetes.io/zone"}`,
  );
});

test('incomplete hints are ignored at -v=7', () => {
  expect(linesOf([endpoint(['a']), endpoint([])], 'a')).toEqual([
    `7 Ignoring same-node one or more endpoints is missing a node hint {${named}}`,
    `7 Ignoring same-zone one or more endpoints is missing a zone hint {${named}}`,
  ]);
});

test('hints of other nodes are ignored at -v=2, and hints of this zone are then used', () => {
  expect(linesOf([endpoint(['a'], ['n2'])], 'a')).toEqual([
    `2 Ignoring same-node no hints were provided for node {${named},"node":"n1"}`,
  ]);
});

test.each([
  { name: 'hints fit the node', endpoints: [endpoint(['b'], ['n1'])] },
  { name: 'no endpoint is ready', endpoints: [endpoint(['b'], ['n2'], false)] },
])('nothing is logged if $name', ({ endpoints }) => expect(linesOf(endpoints, 'a')).toEqual([]));

test('nothing is logged if the service never uses endpoints of the cluster', () => {
  expect(linesOf([endpoint(['b'])], 'a', { ...service, internalPolicyLocal: true })).toEqual([]);
});
