// The recorded objects and what the original kube-proxy wrote for them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Service } from '../../../src/api/core.ts';
import type { EndpointSlice } from '../../../src/api/discovery.ts';
import type { IpFamily, NodeView, ProxyEndpoint, ServicePort } from '../../../src/node/proxy/types.ts';
import { checkSlice, endpointsOf } from '../../../src/node/proxy/view/slice-endpoints.ts';
import { ip } from './scalars.ts';

const folder = join(import.meta.dirname, '../../fixtures/kube-proxy-v1.36.2');

const readObjects = <T>(name: string): T[] =>
  parseAllDocuments(readFileSync(join(folder, 'input', name), 'utf8')).map((document) => document.toJS() as T);

const loadBalancers: Readonly<Record<string, { ip: string; ipMode?: 'Proxy' }>> = {
  lb: { ip: '203.0.113.9' },
  'lb-plain': { ip: '203.0.113.10' },
  'lb-local': { ip: '203.0.113.11' },
  'lb-noep': { ip: '203.0.113.22' },
  'lb-proxy': { ip: '203.0.113.36', ipMode: 'Proxy' },
  'lb-nonp': { ip: '203.0.113.38' },
};

const kubernetesService: Service = {
  metadata: { name: 'kubernetes', namespace: 'default' },
  spec: { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443, targetPort: 6444 }] },
};
const kubernetesSlice = (port: number): EndpointSlice => ({
  metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
  addressType: 'IPv4',
  ports: [{ name: 'https', protocol: 'TCP', port }],
  endpoints: [{ addresses: ['10.123.0.1'], conditions: { ready: true } }],
});

export const goldenServices = (): Service[] => [
  kubernetesService,
  ...readObjects<Service & { kind: string }>('services.yaml')
    .filter(({ kind }) => kind === 'Service')
    .map((service) => {
      const ingress = loadBalancers[service.metadata.name];
      return ingress ? { ...service, status: { loadBalancer: { ingress: [ingress] } } } : service;
    }),
];

/** @param apiPort port of the API server: 6443 in the recording of ipvs mode */
export const goldenSlices = (apiPort = 6444): EndpointSlice[] => [
  kubernetesSlice(apiPort),
  ...readObjects<EndpointSlice>('endpointslices.yaml'),
];

/** The endpoints of a service port, as node n1 sees them. */
export const goldenEndpoints = (
  { service, key }: ServicePort,
  family: IpFamily,
  slices = goldenSlices(),
): readonly ProxyEndpoint[] => {
  const checked = slices.flatMap((slice) => checkSlice(slice, { family, nodeName: 'n1' }) ?? []);
  return endpointsOf(checked.filter((slice) => slice.service === service)).get(key) ?? [];
};

export const goldenNode: NodeView = {
  name: 'n1',
  addresses: { IPv4: ip('10.123.0.11') },
  zone: 'zone-a',
  podCidrs: [],
  eligible: true,
};

export const goldenClusterCidrs = { default: '10.200.0.0/15', nocidr: '' } as const;

/** @param table e.g. `nat-v6` */
export const goldenText = (configuration: 'default' | 'nocidr' | 'ipvs/default', table: string): string =>
  readFileSync(join(folder, `${configuration}-${table}.txt`), 'utf8');

/**
 * Lines that can be compared: without counters and comments. Dispatch lines are sorted, except those that must be last.
 * @param nfacct whether this kernel supports nfacct; if not, the nfacct rules of the recording are left out
 */
export const comparable = (text: string, nfacct: boolean): string[] => {
  const lines = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/ \[\d+:\d+\]$/, '').trim());
  const kept = nfacct
    ? lines
    : lines
        .filter((line) => !line.includes('localhost_nps_accepted_pkts'))
        .map((line) => line.replace(' -m nfacct --nfacct-name  ct_state_invalid_dropped_pkts', ''));
  const shared = /^-A (KUBE-SERVICES|KUBE-NODEPORTS|KUBE-EXTERNAL-SERVICES|KUBE-PROXY-FIREWALL) /;
  const last = (line: string): number => (line.includes('NOTE: this must be the last rule') ? 1 : 0);
  const chainOf = (line: string): string => line.split(' ')[1] ?? '';
  return kept.sort((a, b) => {
    const kinds = kindOf(a) - kindOf(b);
    if (kinds !== 0) return kinds;
    if (kindOf(a) !== 2) return compare(a, b);
    const chains = compare(chainOf(a), chainOf(b));
    if (chains !== 0) return chains;
    // Array.sort is stable, so all other chains keep the kernel's order.
    return shared.test(a) ? last(a) - last(b) || compare(a, b) : 0;
  });
};

const kindOf = (line: string): number =>
  line.startsWith('*') ? 0 : line.startsWith(':') ? 1 : line === 'COMMIT' ? 3 : 2;
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
