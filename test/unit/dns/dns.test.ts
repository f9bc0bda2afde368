import type { Answer, Packet, RecordType } from 'dns-packet';
import { describe, expect, test } from 'vitest';
import type { Namespace, Service } from '../../../src/api/core.ts';
import type { EndpointSlice } from '../../../src/api/discovery.ts';
import { rcodeOf, respond } from '../../../src/node/dns/answer.ts';
import { difference, wantedObjects } from '../../../src/node/dns/service.ts';
import { buildZone } from '../../../src/node/dns/zone.ts';
import { aService } from '../../support/objects.ts';

const namespace = (name: string): Namespace => ({ metadata: { name } });
const slice = (
  service: string,
  endpoints: EndpointSlice['endpoints'],
  ports: EndpointSlice['ports'] = [],
): EndpointSlice => ({
  metadata: { name: `${service}-abcde`, namespace: 'default', labels: { 'kubernetes.io/service-name': service } },
  addressType: 'IPv4',
  endpoints,
  ports,
});

const services: Service[] = [
  aService('db-service', {
    clusterIP: '10.103.132.104',
    clusterIPs: ['10.103.132.104'],
    ports: [{ name: 'mysql', port: 3306, protocol: 'TCP' }],
  }),
  aService('crowd', { clusterIP: 'None', clusterIPs: ['None'], ports: [{ name: 'http', port: 80, protocol: 'TCP' }] }),
  aService('empty', { clusterIP: 'None' }),
  aService('docs', { type: 'ExternalName', externalName: 'docs.example.com' }),
  aService('alias', { type: 'ExternalName', externalName: 'db-service.default.svc.cluster.local' }),
  aService('loop', { type: 'ExternalName', externalName: 'loop.default.svc.cluster.local' }),
];
const slices = [
  slice('db-service', [{ addresses: ['10.244.1.2'], conditions: { ready: true } }]),
  slice(
    'crowd',
    [
      { addresses: ['10.244.1.5'], conditions: { ready: true }, hostname: 'first' },
      { addresses: ['10.244.2.6'], conditions: { ready: true } },
      { addresses: ['10.244.2.7'], conditions: { ready: false } },
      { addresses: ['999.1.1.1'], conditions: { ready: true } },
    ],
    [{ name: 'http', port: 8080, protocol: 'TCP' }],
  ),
];
const zone = buildZone({
  domain: 'cluster.local',
  services,
  slices,
  namespaces: ['default', 'kube-system'].map(namespace),
});

const ask = (name: string, type: RecordType = 'A', rest: Partial<Packet> = {}): Packet =>
  respond({ type: 'query', id: 7, flags: 0x100, questions: [{ name, type, class: 'IN' }], ...rest }, zone);
const data = (answers: readonly Answer[] | undefined, type = 'A'): unknown[] =>
  (answers ?? [])
    .filter((answer) => answer.type === type)
    .map((answer) => ('data' in answer ? answer.data : undefined));

const svc = 'default.svc.cluster.local';

describe('answers about names of the cluster', () => {
  test('resolve a service to its cluster IP, with a short TTL and the authoritative flag', () => {
    const response = ask(`db-service.${svc}`);
    expect(response.answers).toEqual([{ name: `db-service.${svc}`, type: 'A', ttl: 5, data: '10.103.132.104' }]);
    expect(rcodeOf(response)).toBe('NOERROR');
    expect((response.flags ?? 0) & 0x400).not.toBe(0);
    expect(response.id).toBe(7);
  });

  test('ignore upper and lower case, and repeat the name as it was asked', () => {
    expect(ask(`DB-Service.${svc}`).answers).toMatchObject([{ name: `DB-Service.${svc}`, data: '10.103.132.104' }]);
  });

  test('resolve a headless service to its ready endpoints, without one that has no valid address', () => {
    expect(data(ask(`crowd.${svc}`).answers).sort()).toEqual(['10.244.1.5', '10.244.2.6']);
  });

  test.each([
    { name: `first.crowd.${svc}`, ip: '10.244.1.5' },
    { name: `10-244-2-6.crowd.${svc}`, ip: '10.244.2.6' },
    { name: `10-244-1-2.db-service.${svc}`, ip: '10.244.1.2' },
    { name: '10-244-1-9.default.pod.cluster.local', ip: '10.244.1.9' },
  ])('resolve $name to one endpoint', ({ name, ip }) => {
    expect(data(ask(name).answers)).toEqual([ip]);
  });

  test('give the port of a service as SRV, with the address as an additional record', () => {
    const response = ask(`_mysql._tcp.db-service.${svc}`, 'SRV');
    expect(data(response.answers, 'SRV')).toEqual([
      { priority: 0, weight: 100, port: 3306, target: `db-service.${svc}` },
    ]);
    expect(data(response.additionals)).toEqual(['10.103.132.104']);
  });

  test('give each endpoint of a headless service as SRV, with the port of the endpoint', () => {
    const records = data(ask(`_http._tcp.crowd.${svc}`, 'SRV').answers, 'SRV');
    expect(records).toEqual([
      { priority: 0, weight: 50, port: 8080, target: `first.crowd.${svc}` },
      { priority: 0, weight: 50, port: 8080, target: `10-244-2-6.crowd.${svc}` },
    ]);
  });

  test.each([
    { ip: '104.132.103.10', name: `db-service.${svc}` },
    { ip: '5.1.244.10', name: `first.crowd.${svc}` },
    { ip: '2.1.244.10', name: `10-244-1-2.db-service.${svc}` },
  ])('give $name as PTR of $ip', ({ ip, name }) => {
    expect(data(ask(`${ip}.in-addr.arpa`, 'PTR').answers, 'PTR')).toEqual([name]);
  });

  test('give an ExternalName as CNAME, and follow the CNAME inside the cluster', () => {
    expect(ask(`docs.${svc}`).answers).toMatchObject([{ type: 'CNAME', data: 'docs.example.com' }]);
    const inside = ask(`alias.${svc}`);
    expect(data(inside.answers, 'CNAME')).toEqual([`db-service.${svc}`]);
    expect(data(inside.answers)).toEqual(['10.103.132.104']);
    expect(ask(`loop.${svc}`).answers?.length).toBeLessThanOrEqual(8);
  });

  test.each<{ name: string; type: RecordType }>([
    { name: `db-service.${svc}`, type: 'AAAA' },
    { name: svc, type: 'A' },
    { name: 'kube-system.svc.cluster.local', type: 'A' },
    { name: `_tcp.crowd.${svc}`, type: 'A' },
    { name: 'svc.cluster.local', type: 'A' },
    { name: 'cluster.local', type: 'A' },
  ])('are empty but no error for $name, which exists without $type', ({ name, type }) => {
    const response = ask(name, type);
    expect([rcodeOf(response), response.answers ?? []]).toEqual(['NOERROR', []]);
    expect(response.authorities).toMatchObject([{ name: 'cluster.local', type: 'SOA', ttl: 5 }]);
  });

  test.each([
    `nobody.${svc}`,
    `empty.${svc}`,
    'db-service.nowhere.svc.cluster.local',
    'nowhere.svc.cluster.local',
    '10-244-1-9.nowhere.pod.cluster.local',
    '10-244-1-999.default.pod.cluster.local',
    `db-service.${svc}.${svc}`,
    'example.com',
    '9.9.9.9.in-addr.arpa',
    'cluster.locals',
  ])('are NXDOMAIN for %s', (name) => {
    const response = ask(name);
    expect(rcodeOf(response)).toBe('NXDOMAIN');
    expect(response.authorities).toMatchObject([{ type: 'SOA' }]);
  });

  test('give the version of the schema, and SOA and NS of the zone', () => {
    expect(data(ask('dns-version.cluster.local', 'TXT').answers, 'TXT')).toEqual(['1.1.0']);
    expect(ask('cluster.local', 'SOA').answers).toMatchObject([{ type: 'SOA' }]);
    expect(data(ask('cluster.local', 'NS').answers, 'NS')).toEqual(['kube-dns.kube-system.svc.cluster.local']);
  });

  test.each<{ name: string; query: Partial<Packet>; rcode: string }>([
    { name: 'an update', query: { flags: 5 << 11 }, rcode: 'NOTIMP' },
    { name: 'a query without a question', query: { questions: [] }, rcode: 'FORMERR' },
    {
      name: 'a query of another class',
      query: { questions: [{ name: 'x', type: 'TXT', class: 'CH' }] },
      rcode: 'REFUSED',
    },
  ])('are $rcode for $name', ({ query, rcode }) => {
    expect(rcodeOf(ask('x', 'A', query))).toBe(rcode);
  });

  test('are SERVFAIL until the caches are full', () => {
    const query: Packet = { type: 'query', id: 1, questions: [{ name: 'x', type: 'A' }] };
    expect(rcodeOf(respond(query, undefined))).toBe('SERVFAIL');
  });

  test('have an EDNS record if the query has one', () => {
    const additionals: Answer[] = [
      {
        name: '.',
        type: 'OPT',
        udpPayloadSize: 4096,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: 0,
        flag_do: false,
        options: [],
      },
    ];
    expect(ask(`db-service.${svc}`, 'A', { additionals }).additionals).toMatchObject([{ type: 'OPT' }]);
  });
});

describe('the service kube-dns', () => {
  const own = { serviceIp: '10.96.0.10', address: '192.168.56.10', port: 53 };

  test('has the cluster IP, and its endpoint is the DNS server', () => {
    const [service, , slices] = wantedObjects(own).map(({ object }) => object);
    expect(service).toMatchObject({
      metadata: { name: 'kube-dns', namespace: 'kube-system' },
      spec: { clusterIP: '10.96.0.10' },
    });
    expect(slices).toMatchObject({
      endpoints: [{ addresses: ['192.168.56.10'] }],
      ports: [{ name: 'dns', port: 53, protocol: 'UDP' }, {}, {}],
    });
  });

  test('is not written again for the defaults of the API server, but is repaired when somebody changes it', () => {
    const [wanted] = wantedObjects(own);
    const service = wanted?.object as Service;
    const completed = {
      ...service,
      spec: { ...service.spec, clusterIPs: ['10.96.0.10'], sessionAffinity: 'None' as const },
    };
    expect(difference(service, completed)).toBe('none');
    expect(difference(service, undefined)).toBe('create');
    expect(difference(service, { ...completed, spec: { ...completed.spec, ports: [] } } as Service)).toBe('update');
  });
});
