import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HttpProbe, LookupProbe, SeriesProbe, Stage, TcpProbe } from '../../../src/api/probes.ts';
import { parseIpv4 } from '../../../src/api/scalars.ts';
import { createFacts } from '../../../src/fabric/facts.ts';
import { createProbes } from '../../../src/fabric/probe.ts';
import { createProcessTable } from '../../../src/fabric/processes.ts';
import { createSeries } from '../../../src/fabric/series.ts';
import { done, eventually, notYet } from '../../../src/kit/eventually.ts';
import { createTestPki } from '../../fixtures/pki.ts';
import { startMachine, type TestMachine, twoPods } from './machine.ts';

const gather = createFacts(createProcessTable());
const { http, lookup, tcp } = createProbes(createProcessTable());
const series = createSeries(createProcessTable());

let machine: TestMachine;
let servers: ChildProcess;

/** One process: web on 80 and 443, a greeter on 3306, a server that closes connections on 81, DNS on 53. */
const serverProgram = `
const http = require('node:http'), net = require('node:net'), dgram = require('node:dgram');
http.createServer((q, r) => {
  if (q.url === '/slow') return;
  if (q.url === '/big') return r.end('x'.repeat(3e6));
  r.writeHead(q.url === '/missing' ? 404 : 200);
  r.end([q.method, q.headers.host, q.headers['x-test'] ?? '', q.socket.remoteAddress].join(' '));
}).listen(80, '0.0.0.0');
require('node:https').createServer(JSON.parse(process.argv[1]), (q, r) => r.end('safe')).listen(443, '0.0.0.0');
net.createServer((s) => s.on('error', () => {}).end('5.5.5-MariaDB')).listen(3306, '0.0.0.0');
net.createServer((s) => { s.once('data', () => s.resetAndDestroy()); s.on('error', () => {}); }).listen(81, '0.0.0.0');
net.createServer((s) => s.on('error', () => {})).listen(82, '0.0.0.0');
const dns = dgram.createSocket('udp4');
dns.on('message', (m, r) => {
  let end = 12, labels = [];
  while (m[end]) { labels.push(m.toString('latin1', end + 1, end + 1 + m[end])); end += m[end] + 1; }
  end += 5;
  const known = labels.join('.') === 'db-service.default.svc.cluster.local';
  const head = Buffer.from(m.subarray(0, end));
  head[2] = 0x84; head[3] = known ? 0 : 3; head[7] = known ? 1 : 0; head[10] = 0; head[11] = 0;
  const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 10, 103, 132, 104]);
  dns.send(known ? Buffer.concat([head, answer]) : head, r.port, r.address);
});
dns.bind(53, '127.0.0.1');
`;

beforeAll(async () => {
  machine = await startMachine();
  await machine.sh('ip address add 10.103.132.104/32 dev lo; ip route add blackhole 203.0.113.0/24');
  await machine.sh('iptables -A OUTPUT -d 10.9.9.9 -j DROP; ip address add 10.9.9.8/24 dev lo');
  const pair = await (await createTestPki()).issue('web');
  servers = machine.background(`exec node -e '${serverProgram.replaceAll("'", `'"'"'`)}' '${JSON.stringify(pair)}'`);
  await eventually(
    'all servers listen',
    async () => {
      const { listeners = [] } = await gather({ place: place(), want: ['listeners'] });
      return listeners.length >= 6 ? done(undefined) : notYet(JSON.stringify(listeners));
    },
    { timeoutMs: 10_000 },
  );
});
afterAll(async () => {
  servers?.kill('SIGKILL');
  await machine?.[Symbol.asyncDispose]();
});

const place = () => ({ machine: 'm', pid: machine.pid });
const nameserver = parseIpv4('127.0.0.1');
const get = (url: string, rest: Partial<HttpProbe> = {}) => http({ place: place(), url, timeoutMs: 2000, ...rest });
const connect = (host: string, port: number, rest: Partial<TcpProbe> = {}) =>
  tcp({ place: place(), host, port, timeoutMs: 1000, ...rest });
const resolve = (name: string, rest: Partial<LookupProbe> = {}) =>
  lookup({ place: place(), name, nameserver, timeoutMs: 1000, ...rest });

/** The place itself, seen as a server at an address. */
const at = (address: string, port = 80): Stage => [{ place: place(), address: parseIpv4(address), port }];
const elsewhere = { ok: false, failure: 'elsewhere' };

describe('a probe that must arrive at an endpoint', () => {
  // The machine sends what is for 10.9.9.6 to its own server on 10.9.9.8.
  const translated = () => ({ stages: [at('10.9.9.8')] });
  const kept = () => ({ stages: [at('10.9.9.6')] });
  beforeAll(() => machine.sh('iptables -t nat -A OUTPUT -d 10.9.9.6 -j DNAT --to-destination 10.9.9.8'));

  test('is seen there in spite of address translation', async () => {
    expect(await get('http://10.9.9.6/', translated())).toMatchObject({ ok: true });
    expect(await connect('10.9.9.6', 3306, { stages: [at('10.9.9.8', 3306)] })).toMatchObject({ ok: true });
    expect(await connect('10.9.9.6', 3306, { stages: [at('10.9.9.8', 3306)], relayed: true })).toMatchObject({
      ok: true,
    });
  });

  test('is not there when something else has answered', async () => {
    expect(await get('http://10.9.9.6/', kept())).toMatchObject(elsewhere);
    expect(await connect('10.9.9.6', 3306, { stages: [at('10.9.9.6', 3306)] })).toMatchObject(elsewhere);
    expect(await get('http://10.9.9.6/', { stages: [at('10.9.9.8', 81)] })).toMatchObject(elsewhere);
  });

  test('is seen there although nobody can read it', async () => {
    expect(await get('https://10.9.9.6/', { stages: [at('10.9.9.8', 443)] })).toMatchObject({ ok: true, body: 'safe' });
    expect(await get('https://10.9.9.6/', { stages: [at('10.9.9.6', 443)] })).toMatchObject(elsewhere);
  });

  test('is not there when a relay has passed it on, unless kube-proxy is one', async () => {
    const relay = machine.background('exec socat TCP-LISTEN:8080,bind=10.9.9.8,fork,reuseaddr TCP:10.9.9.8:80');
    try {
      const url = 'http://10.9.9.6:8080/';
      const look = async () => ((await get(url, { stages: [] })).ok ? done(undefined) : notYet('no answer'));
      await eventually('the relay answers', look, { timeoutMs: 10_000 });
      expect(await get(url, translated())).toMatchObject(elsewhere);
      expect(await get(url, { ...translated(), relayed: true })).toMatchObject({ ok: true });
      const often = (relayed: boolean) =>
        series({ times: 2, ...translated(), probe: { kind: 'http', place: place(), timeoutMs: 2000, url, relayed } });
      expect(await often(false)).toMatchObject({ arrived: [0] });
      expect(await often(true)).toMatchObject({ arrived: [2] });
    } finally {
      relay.kill('SIGKILL');
    }
  });

  test('is seen beside a flood of other requests', async () => {
    machine.background(
      `echo $$ > /tmp/flood.pid; exec perl -MSocket -e 'for (;;) { socket my $s, PF_INET, SOCK_STREAM, 0;
        connect $s, sockaddr_in(80, inet_aton("10.9.9.8")) or next;
        syswrite $s, "POST / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 4000000\\r\\n\\r\\n" . "0" x 4000000; }'`,
    );
    try {
      for (let times = 0; times < 5; times += 1)
        expect(await get('http://10.9.9.6/', translated())).toMatchObject({ ok: true });
    } finally {
      await machine.sh('kill $(cat /tmp/flood.pid)');
    }
  });

  test('must be seen at each stage, and at one place of a stage', async () => {
    expect(await get('http://10.9.9.6/', { stages: [at('10.9.9.6'), at('10.9.9.8')] })).toMatchObject(elsewhere);
    expect(await get('http://10.9.9.6/', { stages: [[...at('10.9.9.6'), ...at('10.9.9.8')]] })).toMatchObject({
      ok: true,
    });
    expect(await get('http://10.9.9.6/', { stages: [[]] })).toMatchObject(elsewhere);
  });

  test('is not there when the endpoint is a pod that does not exist', async () => {
    const gone = { place: { ...place(), podIp: parseIpv4('10.244.7.7') }, address: parseIpv4('10.244.7.7') };
    expect(await get('http://10.9.9.6/', { stages: [[gone]] })).toMatchObject(elsewhere);
  });

  test('is told from other traffic to the endpoint at the same time', async () => {
    const [own, other] = await Promise.all([
      connect('10.9.9.6', 3306, { stages: [at('10.9.9.6', 3306)] }),
      connect('10.9.9.8', 3306, { stages: [at('10.9.9.8', 3306)] }),
      get('http://10.9.9.8/', translated()),
    ]);
    expect([own, other]).toMatchObject([elsewhere, { ok: true }]);
  });
});

describe('a series of requests', () => {
  // Every second connection for 10.9.9.4 goes to 10.9.9.5, the others to 10.9.9.8.
  beforeAll(() =>
    machine.sh(`ip address add 10.9.9.5/24 dev lo
      nft 'add table ip split; add chain ip split output { type nat hook output priority -101; }
        add rule ip split output ip daddr 10.9.9.4 dnat to numgen inc mod 2 map { 0 : 10.9.9.5, 1 : 10.9.9.8 }'`),
  );
  const send = (probe: Partial<SeriesProbe['probe']>, stages: readonly Stage[], times = 6) =>
    series({
      times,
      stages,
      probe: {
        place: place(),
        timeoutMs: 2000,
        kind: 'http',
        url: 'http://10.9.9.4/',
        ...probe,
      } as SeriesProbe['probe'],
    });
  const database = { kind: 'tcp', host: '10.9.9.4', port: 3306, greets: true } as const;

  test('counts the requests at each endpoint', async () => {
    const both = [[...at('10.9.9.5'), ...at('10.9.9.8'), ...at('10.9.9.7')]];
    expect(await send({ headers: { host: 'web' } }, both)).toEqual({
      ok: true,
      answers: [{ status: 200, text: expect.stringContaining('GET web'), times: 6 }],
      arrived: [3, 3, 0],
    });
  });

  test('counts the connections at each endpoint', async () => {
    const both = [[...at('10.9.9.5', 3306), ...at('10.9.9.8', 3306)]];
    expect(await send(database, both)).toEqual({
      ok: true,
      answers: [{ text: '5.5.5-MariaDB', times: 6 }],
      arrived: [3, 3],
    });
  });

  test('counts requests that nobody can read', async () => {
    const both = [[...at('10.9.9.5', 443), ...at('10.9.9.8', 443)]];
    expect(await send({ url: 'https://10.9.9.4/' }, both)).toEqual({
      ok: true,
      answers: [{ status: 200, text: 'safe', times: 6 }],
      arrived: [3, 3],
    });
  });

  test('waits for no greeting that nobody wants', async () => {
    const silent = { kind: 'tcp', host: '10.9.9.4', port: 82, greets: false } as const;
    expect(await send(silent, [[...at('10.9.9.5', 82), ...at('10.9.9.8', 82)]])).toEqual({
      ok: true,
      answers: [{ text: '', times: 6 }],
      arrived: [3, 3],
    });
  });

  test('counts no request that an earlier stage has not seen, or that two endpoints have', async () => {
    expect(await send({}, [at('10.9.9.5'), [...at('10.9.9.5'), ...at('10.9.9.8')]])).toMatchObject({ arrived: [3, 0] });
    expect(await send({}, [[...at('10.9.9.5'), ...at('10.9.9.5')]])).toMatchObject({ arrived: [0, 0] });
    expect(await send(database, [at('10.9.9.5', 3306), at('10.9.9.8', 3306)])).toMatchObject({ arrived: [0] });
  });

  test('ends with the first request without an answer', async () => {
    expect(await send({ url: 'http://10.9.9.8:9/' }, [at('10.9.9.8', 9)])).toMatchObject({
      ok: false,
      failure: 'refused',
      answered: 0,
    });
    await machine.sh(`nft 'add chain ip split few { type filter hook input priority 0; }
      add rule ip split few ip daddr 10.9.9.8 tcp dport 80 ct state new limit rate over 1/day burst 1 packets drop'`);
    const limited = { url: 'http://10.9.9.8/', timeoutMs: 500 };
    expect(await send(limited, [at('10.9.9.8')])).toMatchObject({ ok: false, failure: 'timeout', answered: 1 });
    await machine.sh('nft delete chain ip split few');
  });

  test.each([0, 501, 1.5])('has no %s requests', async (times) => {
    await expect(send({}, [], times)).rejects.toThrow('a series has 1 to 500');
  });

  test('is not sent to what is no URL or no host', async () => {
    expect(await send({ url: 'ftp://10.9.9.8/' }, [])).toMatchObject({ ok: false, failure: 'protocol', answered: 0 });
    expect(await send({ ...database, host: '--help' }, [])).toMatchObject({ ok: false, failure: 'unresolved' });
  });
});

test('an answer of the place itself does not count, unless any answer does', async () => {
  expect(await get('http://10.9.9.8/')).toMatchObject(elsewhere);
  expect(await connect('10.9.9.8', 3306)).toMatchObject(elsewhere);
  expect(await get('http://10.9.9.8/', { stages: [] })).toMatchObject({ ok: true });
  expect(await connect('10.9.9.8', 3306, { stages: [] })).toMatchObject({ ok: true });
});

describe('http', () => {
  test('returns the status, the body and both ends of the connection', async () => {
    expect(await get('http://127.0.0.1/', { headers: { 'X-Test': 'yes' } })).toMatchObject({
      ok: true,
      status: 200,
      body: 'GET 127.0.0.1 yes 127.0.0.1',
      remote: '127.0.0.1:80',
      local: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    });
  });

  test('an error status is an answer', async () => {
    expect(await get('http://127.0.0.1/missing')).toMatchObject({ ok: true, status: 404 });
  });

  test.each(['HEAD', 'POST', 'DELETE'])('sends a %s request', async (method) => {
    const outcome = await get('http://127.0.0.1/', { method });
    expect(outcome).toMatchObject({ ok: true, status: 200 });
  });

  test.each([
    ['refused', 'http://127.0.0.1:9/'],
    ['unreachable', 'http://198.51.100.1/'],
    ['unreachable', 'http://203.0.113.1/'],
    ['timeout', 'http://10.9.9.9/'],
    ['timeout', 'http://127.0.0.1/slow'],
    ['reset', 'http://127.0.0.1:81/'],
    ['unresolved', 'http://db-service/'],
    ['protocol', 'ftp://127.0.0.1/'],
    ['protocol', 'nonsense'],
  ])('no answer is %s: %s', async (failure, url) => {
    expect(await get(url, { timeoutMs: 500 })).toMatchObject({ ok: false, failure });
  });

  test('resolves a name by the given name server', async () => {
    expect(await get('http://db-service/', { nameserver, stages: [at('10.103.132.104')] })).toMatchObject({
      ok: true,
      remote: '10.103.132.104:80',
      body: expect.stringContaining('db-service'),
    });
  });

  test('an endless body does not fill the memory', async () => {
    const outcome = await get('http://127.0.0.1/big');
    expect(JSON.stringify(outcome).length).toBeLessThan(1_500_000);
  });
});

describe('tcp', () => {
  test('reads the greeting of a server', async () => {
    expect(await connect('127.0.0.1', 3306)).toMatchObject({ ok: true, banner: '5.5.5-MariaDB' });
  });

  test('reaches a server that waits for the client', async () => {
    expect(await connect('127.0.0.1', 82)).toMatchObject({ ok: true, remote: '127.0.0.1:82', banner: '' });
  });

  test.each([
    ['refused', '127.0.0.1'],
    ['unreachable', '198.51.100.1'],
    ['timeout', '10.9.9.9'],
  ])('no connection is %s: %s', async (failure, host) => {
    expect(await connect(host, 9, { timeoutMs: 500 })).toMatchObject({ ok: false, failure });
  });
});

test.each(['.*', '10.244.1.2/0', '--help', ''])('refuses the pod address "%s"', async (podIp) => {
  const from = { ...place(), podIp: podIp as ReturnType<typeof parseIpv4> };
  await expect(http({ place: from, url: 'http://127.0.0.1/', timeoutMs: 500 })).rejects.toThrow(
    'is not an IPv4 address',
  );
});

test.each(['-h', '+short', '@127.0.0.1', '127.0.0.1/x'])(
  'refuses the host "%s", which a tool would take as an option',
  async (host) => {
    expect(await connect(host, 80)).toMatchObject({ ok: false });
    expect(await resolve(host)).toMatchObject({ ok: false });
  },
);

describe('lookup', () => {
  test.each([
    { name: 'db-service', tries: 1 },
    { name: 'db-service.default', tries: 2 },
    { name: 'db-service.default.svc.cluster.local', tries: 4 },
  ])('$name is found as a pod would find it, at name number $tries', async ({ name, tries }) => {
    expect(await resolve(name)).toEqual({ ok: true, addresses: ['10.103.132.104'], tries });
  });

  test('completes names by another search list', async () => {
    const found = (tries: number) => ({ ok: true, addresses: ['10.103.132.104'], tries });
    const search = { domains: ['shop.svc.cluster.local', 'default.svc.cluster.local'], ndots: 4 };
    expect(await resolve('db-service', { search })).toEqual(found(2));
    expect(await resolve('db-service.default.svc.cluster.local', { search })).toEqual(found(1));
    const none = { domains: [], ndots: 5 };
    expect(await resolve('db-service', { search: none })).toMatchObject({ ok: false, failure: 'unresolved' });
  });

  test('its queries must arrive at the name server', async () => {
    const asked = { nameserver: parseIpv4('10.9.9.3') };
    await machine.sh('iptables -t nat -A OUTPUT -d 10.9.9.3 -p udp -j DNAT --to-destination 127.0.0.1');
    try {
      const found = { ok: true, addresses: ['10.103.132.104'], tries: 1 };
      expect(await resolve('db-service', { ...asked, stages: [at('127.0.0.1', 53)] })).toEqual(found);
      expect(await resolve('db-service', { ...asked, stages: [at('10.9.9.3', 53)] })).toMatchObject(elsewhere);
    } finally {
      await machine.sh('iptables -t nat -D OUTPUT -d 10.9.9.3 -p udp -j DNAT --to-destination 127.0.0.1');
    }
  });

  test('an unknown name is unresolved', async () => {
    expect(await resolve('nothing')).toMatchObject({ ok: false, failure: 'unresolved' });
  });

  test('a missing name server refuses the connection', async () => {
    const outcome = await resolve('db-service', { nameserver: parseIpv4('127.0.0.2') });
    expect(outcome).toMatchObject({ ok: false, failure: 'refused' });
  });

  test('a silent name server is a timeout', async () => {
    const outcome = await resolve('db-service', { nameserver: parseIpv4('10.9.9.9') });
    expect(outcome).toMatchObject({ ok: false, failure: 'timeout' });
  });
});

test('a pod that sends its probe elsewhere by a rule of its own proves nothing', async () => {
  await using pods = await startMachine();
  const serve = `require('node:http').createServer((_, r) => r.end('b')).listen(80, '0.0.0.0')`;
  await pods.sh(`${twoPods}
    ip -n a route add default via 10.244.1.1
    nsenter --net=/run/netns/a iptables -t nat -A OUTPUT -d 10.96.0.9 -j DNAT --to-destination 10.244.1.3`);
  const server = pods.background(`exec nsenter --net=/run/netns/b node -e "${serve}"`);
  try {
    const pod = (address: string) => ({ machine: 'm', pid: pods.pid, podIp: parseIpv4(address) });
    const arrives: Stage = [{ place: pod('10.244.1.3'), address: parseIpv4('10.244.1.3'), port: 80 }];
    const leaves = (address: string): Stage => [
      { place: pod('10.244.1.2'), address: parseIpv4(address), port: 80, leaves: true },
    ];
    const from = { place: pod('10.244.1.2') };
    const look = async () => ((await get('http://10.244.1.3/', from)).ok ? done(undefined) : notYet('no answer'));
    await eventually('the server answers', look, { timeoutMs: 10_000 });
    const direct = { ...from, stages: [leaves('10.244.1.3'), arrives] };
    expect(await get('http://10.244.1.3/', direct)).toMatchObject({ ok: true, body: 'b' });
    expect(await connect('10.244.1.3', 80, direct)).toMatchObject({ ok: true });
    expect(await get('http://10.96.0.9/', { ...from, stages: [arrives] })).toMatchObject({ ok: true });
    const changed = { ...from, stages: [leaves('10.96.0.9'), arrives] };
    expect(await get('http://10.96.0.9/', changed)).toMatchObject(elsewhere);
    expect(await connect('10.96.0.9', 80, changed)).toMatchObject(elsewhere);
  } finally {
    server.kill('SIGKILL');
  }
});
