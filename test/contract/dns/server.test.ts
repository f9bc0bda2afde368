import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { decode, encode, type Packet } from 'dns-packet';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rcodeOf, respond } from '../../../src/node/dns/answer.ts';
import { type DnsServer, startDnsServer } from '../../../src/node/dns/server.ts';
import { buildZone } from '../../../src/node/dns/zone.ts';
import { aService } from '../../support/objects.ts';

const many = Array.from({ length: 60 }, (_, index) => ({
  addresses: [`10.244.1.${index + 1}`],
  conditions: { ready: true },
}));
const zone = buildZone({
  domain: 'cluster.local',
  services: [
    aService('web', { clusterIPs: ['10.96.0.20'] }),
    aService('crowd', { clusterIP: 'None', clusterIPs: ['None'] }),
    aService('empty', { clusterIP: 'None', clusterIPs: ['None'] }),
    aService('alias', { type: 'ExternalName', externalName: 'web.default.svc.cluster.local' }),
    aService('shop', { clusterIPs: ['10.96.0.21'], ports: [{ name: 'http', port: 80, protocol: 'TCP' }] }),
  ],
  slices: [
    {
      metadata: { name: 'crowd-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'crowd' } },
      addressType: 'IPv4',
      endpoints: many,
    },
  ],
  namespaces: [{ metadata: { name: 'default' } }],
});

describe('the DNS server on real sockets', () => {
  let server: DnsServer;
  beforeEach(async () => {
    server = await startDnsServer({ address: '127.0.0.1', port: 0, respond: (query) => respond(query, zone) });
  });
  afterEach(() => server.close());

  const query = (name: string, rest: Partial<Packet> = {}): Buffer =>
    encode({ type: 'query', id: 42, flags: 0x100, questions: [{ name, type: 'A' }], ...rest });

  const overUdp = async (message: Buffer): Promise<Packet> => {
    const socket = createSocket('udp4');
    const { promise, resolve } = Promise.withResolvers<Buffer>();
    socket.once('message', resolve);
    socket.send(message, server.port, '127.0.0.1');
    const reply = await promise;
    socket.close();
    return decode(reply);
  };

  const overTcp = async (messages: readonly Buffer[], cut = 0): Promise<Packet[]> => {
    const socket = connect(server.port, '127.0.0.1');
    const framed = Buffer.concat(
      messages.map((message) => Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message])),
    );
    socket.write(framed.subarray(0, cut));
    setImmediate(() => socket.write(framed.subarray(cut)));
    const replies: Packet[] = [];
    let buffered = Buffer.alloc(0);
    for await (const chunk of socket) {
      buffered = Buffer.concat([buffered, chunk as Buffer]);
      while (buffered.length >= 2 && buffered.length >= 2 + buffered.readUInt16BE(0)) {
        const end = 2 + buffered.readUInt16BE(0);
        replies.push(decode(buffered.subarray(2, end)));
        buffered = buffered.subarray(end);
      }
      if (replies.length === messages.length) break;
    }
    socket.destroy();
    return replies;
  };

  test('answers a query over UDP', async () => {
    expect((await overUdp(query('web.default.svc.cluster.local'))).answers).toMatchObject([{ data: '10.96.0.20' }]);
  });

  test('answers several queries on one TCP connection, also when a query arrives in two pieces', async () => {
    const messages = [query('web.default.svc.cluster.local'), query('nobody.default.svc.cluster.local')];
    const [first, second] = await overTcp(messages, 5);
    expect(first?.answers).toMatchObject([{ data: '10.96.0.20' }]);
    expect(second && rcodeOf(second)).toBe('NXDOMAIN');
  });

  test('truncates an answer that is too long for UDP, and sends the whole answer over TCP', async () => {
    const cut = await overUdp(query('crowd.default.svc.cluster.local'));
    expect((cut.flags ?? 0) & 0x200).toBe(0x200);
    expect(cut.answers?.length).toBeGreaterThan(4);
    expect(encode(cut).length).toBeLessThanOrEqual(512);
    const [whole] = await overTcp([query('crowd.default.svc.cluster.local')]);
    expect(whole?.answers).toHaveLength(60);
  });

  test('answers a malformed query with FORMERR, and does not answer a response', async () => {
    const garbage = Buffer.concat([query('x').subarray(0, 12), Buffer.from([200, 1])]);
    expect(rcodeOf(await overUdp(garbage))).toBe('FORMERR');
    const response = query('web.default.svc.cluster.local', { type: 'response' });
    const silence = await Promise.race([
      overUdp(response),
      new Promise((resolve) => setTimeout(resolve, 200, 'silence')),
    ]);
    expect(silence).toBe('silence');
  });

  const dig = async (...words: readonly string[]): Promise<string> => {
    const argv = ['@127.0.0.1', '-p', String(server.port), '+domain=default.svc.cluster.local', '+ndots=5', ...words];
    return (await promisify(execFile)('dig', argv)).stdout;
  };

  test('sends answers that dig understands, also with the search list', async () => {
    expect(await dig('+short', 'web.default.svc.cluster.local.')).toBe('10.96.0.20\n');
    expect(await dig('+short', 'web')).toBe('10.96.0.20\n');
    expect(await dig('empty')).toContain('status: NXDOMAIN');
  });

  test('names ports in SRV records, and the target of an alias, for dig', async () => {
    expect(await dig('+short', 'SRV', '_http._tcp.shop')).toBe('0 100 80 shop.default.svc.cluster.local.\n');
    expect(await dig('+short', 'alias')).toBe('web.default.svc.cluster.local.\n10.96.0.20\n');
  });
});
