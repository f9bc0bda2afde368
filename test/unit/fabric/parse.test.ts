import { describe, expect, test } from 'vitest';
import { classify, parseReport } from '../../../src/fabric/curl.ts';
import { parseLinks, parseRoutes } from '../../../src/fabric/links.ts';
import { parseListeners, socketWithPeer } from '../../../src/fabric/listeners.ts';
import { candidates, parseAnswers } from '../../../src/fabric/resolver.ts';

const report = (exitcode: number, errormsg = 'words') => ({
  exitcode,
  errormsg,
  http_code: 0,
  remote_ip: '',
  remote_port: -1,
  local_ip: '',
  local_port: -1,
  time_total: 0,
});

describe("curl's failures", () => {
  test.each([
    [6, '', 'unresolved'],
    [7, '* connect to 10.96.0.1 port 80 from 10.244.1.2 port 1 failed: Connection refused', 'refused'],
    [7, '* connect to 10.96.0.1 port 80 failed: Connection refused', 'refused'],
    [7, '* Immediate connect fail for 10.1.1.1: Network is unreachable', 'unreachable'],
    [7, '* connect to 10.1.1.1 port 80 from 10.1.1.2 port 1 failed: No route to host', 'unreachable'],
    [7, '* connect to 10.1.1.1 port 80 from 10.1.1.2 port 1 failed: Connection timed out', 'timeout'],
    [28, '', 'timeout'],
    [52, '', 'reset'],
    [56, '', 'reset'],
    [35, '', 'protocol'],
  ])('exit code %i after "%s" is %s', (code, stderr, failure) => {
    expect(classify(report(code), stderr).failure).toBe(failure);
  });

  test('the report is the last JSON line of standard error', () => {
    expect(parseReport('*   Trying\n{"exitcode":7}\n\n')).toMatchObject({ exitcode: 7 });
    expect(parseReport('curl: not found')).toBeUndefined();
    expect(parseReport('*   Trying\n{"exitcode":2')).toBeUndefined();
  });
});

describe('names', () => {
  test('a short name is searched for in the domains of a pod first', () => {
    expect(candidates('db-service')).toEqual([
      'db-service.default.svc.cluster.local.',
      'db-service.svc.cluster.local.',
      'db-service.cluster.local.',
      'db-service.',
    ]);
  });

  test('a name that ends in a dot is queried unchanged', () => {
    expect(candidates('db-service.default.svc.cluster.local.')).toEqual(['db-service.default.svc.cluster.local.']);
  });

  test('takes the first candidate with an address, following aliases', () => {
    const output = [
      'web.default.svc.cluster.local. 30 IN CNAME Real.default.svc.cluster.local.',
      'real.default.svc.cluster.local. 30 IN A 10.96.0.7',
      'web. 30 IN A 192.0.2.1',
    ].join('\n');
    expect(parseAnswers(output, candidates('web'))).toEqual({ values: ['10.96.0.7'], tries: 1 });
  });

  test('a loop of aliases has no address', () => {
    expect(parseAnswers('a. 1 IN CNAME b.\nb. 1 IN CNAME a.', ['a.'])).toBeUndefined();
  });

  test('a name with ndots dots is tried as it is first, and then in the search domains', () => {
    const search = { domains: ['shop.svc.cluster.local'], ndots: 1 };
    expect(candidates('cart.shop', search)).toEqual(['cart.shop.', 'cart.shop.shop.svc.cluster.local.']);
    expect(candidates('cart', search)).toEqual(['cart.shop.svc.cluster.local.', 'cart.']);
    expect(candidates('cart', { domains: [], ndots: 5 })).toEqual(['cart.']);
  });

  test('counts the names up to the first that has a record of the wanted type', () => {
    const output = [
      '_http._tcp.cart.svc.cluster.local. 5 IN SRV 0 50 8080 10-244-1-2.Cart.svc.cluster.local.',
      '_http._tcp.cart.svc.cluster.local. 5 IN SRV 0 50 8081 10-244-1-3.cart.svc.cluster.local.',
      'till.svc.cluster.local. 5 IN CNAME cart.svc.cluster.local.',
    ].join('\n');
    expect(parseAnswers(output, ['_http._tcp.cart.', '_http._tcp.cart.svc.cluster.local.'], 'SRV')).toEqual({
      values: ['10-244-1-2.cart.svc.cluster.local:8080', '10-244-1-3.cart.svc.cluster.local:8081'],
      tries: 2,
    });
    expect(parseAnswers(output, ['till.svc.cluster.local.'], 'CNAME')?.values).toEqual(['cart.svc.cluster.local']);
    expect(parseAnswers(output, ['till.svc.cluster.local.'])).toBeUndefined();
  });
});

describe('listeners', () => {
  const header = '  sl  local_address rem_address   st tx_queue';
  const row = (local: string, state: string): string => `   0: ${local} 00000000:0000 ${state} 00000000:00000000`;

  test.each([
    ['tcp', '0100007F:1F90', '0A', '127.0.0.1', 8080],
    ['tcp', '00000000:192B', '0A', '0.0.0.0', 6443],
    ['tcp', '00000000000000000000000000000000:2810', '0A', '::', 10_256],
    ['tcp', '00000000000000000000000001000000:0050', '0A', '::1', 80],
    ['tcp', '0000000000000000FFFF00000100007F:0050', '0A', '127.0.0.1', 80],
    ['tcp', '000080FE00000000FF0D4A02FEE39CB8:0050', '0A', 'fe80::24a:dff:b89c:e3fe', 80],
    ['udp', '0A38A8C0:0035', '07', '192.168.56.10', 53],
  ] as const)('%s %s in state %s is %s', (protocol, local, state, address, port) => {
    expect(parseListeners(protocol, [header, row(local, state), ''].join('\n'))).toEqual([{ protocol, address, port }]);
  });

  test('a connection is not a listener', () => {
    expect(parseListeners('tcp', [header, row('0100007F:1F90', '01')].join('\n'))).toEqual([]);
  });
});

describe('the socket at the other end of a connection', () => {
  const row = (remote: string, inode: string) =>
    `   0: 0A38A8C0:192B ${remote} 01 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0 100 0 0 10 0`;
  const table = ['  sl', row('0138A8C0:2710', '71'), row('0138A8C0:2711', '0'), row('0138A8C0:2712', '72'), ''].join(
    '\n',
  );

  test.each([
    ['192.168.56.1:10000', '71'],
    ['192.168.56.1:10002', '72'],
    ['192.168.56.2:10002', undefined],
  ])('of %s has the inode %s', (peer, inode) => {
    expect(socketWithPeer(table, peer)).toBe(inode);
  });

  test('is none when the connection is over', () => {
    expect(socketWithPeer(table, '192.168.56.1:10001')).toBeUndefined();
  });

  test('may listen on IPv6, too', () => {
    const mapped = row('0000000000000000FFFF00000138A8C0:2710', '73');
    expect(socketWithPeer(['  sl', mapped].join('\n'), '192.168.56.1:10000')).toBe('73');
  });
});

describe("ip's JSON", () => {
  test("a pod's end of a veth names its peer", () => {
    const json = JSON.stringify([
      {
        ifindex: 2,
        link_index: 7,
        ifname: 'eth0',
        flags: ['BROADCAST', 'UP'],
        mtu: 1500,
        address: '0a:58:0a:f4:01:02',
        link_netnsid: 0,
        linkinfo: { info_kind: 'veth' },
        addr_info: [{ family: 'inet', local: '10.244.1.2', prefixlen: 24 }],
      },
      {},
    ]);
    expect(parseLinks(json)).toEqual([
      {
        ifindex: 2,
        name: 'eth0',
        kind: 'veth',
        up: true,
        mac: '0a:58:0a:f4:01:02',
        mtu: 1500,
        peerIndex: 7,
        addresses: [{ address: '10.244.1.2', prefix: 24, family: 'inet' }],
      },
    ]);
  });

  test('a route without a type is a unicast route', () => {
    const json =
      '[{"dst":"10.244.2.0/24","gateway":"192.168.56.12","dev":"eth0"},{"type":"blackhole","dst":"10.0.0.0/8"}]';
    expect(parseRoutes(json)).toEqual([
      { destination: '10.244.2.0/24', type: 'unicast', gateway: '192.168.56.12', device: 'eth0' },
      { destination: '10.0.0.0/8', type: 'blackhole' },
    ]);
  });

  test('empty output is an empty list', () => {
    expect(parseLinks('')).toEqual([]);
    expect(parseRoutes('')).toEqual([]);
  });
});
