// What `ipvsadm -L -n` prints, as kube-proxy reads it.
import { expect, test } from 'vitest';
import { type ListedServer, parseIpvs, readUntilRepeated } from '../../../../src/node/sys/ipvs.ts';

/** Recorded on Debian's kernel 6.1 with ipvsadm 1.31. */
const listing = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  10.0.0.1:80 mh (mh-port)
  -> 10.244.1.2:8080              Masq    1      2          3         
TCP  10.0.0.2:80 mh (mh-fallback,mh-port) persistent 300
UDP  [fd00::1]:53 rr persistent 10800
  -> [fd00::ffff:102:304]:53      Masq    0      0          0         
SCTP [::ffff:1.2.3.4]:80 rr
FWM  3 rr persistent 5
  -> 9.9.9.9:0                    Masq    1      0          0         
`;

test('reads servers with schedulers, flags, affinity and backends, and leaves out servers by firewall mark', () => {
  const rr = { scheduler: 'rr', schedulerFlags: '', persistSeconds: undefined };
  const mh = { ...rr, scheduler: 'mh', schedulerFlags: 'mh-port' };
  expect(parseIpvs(listing)).toEqual([
    {
      ...{ ...mh, protocol: 'TCP', address: '10.0.0.1:80' },
      backends: new Map([['10.244.1.2:8080', { weight: 1, connections: 5 }]]),
    },
    {
      ...{ ...mh, protocol: 'TCP', address: '10.0.0.2:80', backends: new Map() },
      ...{ schedulerFlags: 'mh-fallback,mh-port', persistSeconds: 300 },
    },
    {
      ...{ ...rr, protocol: 'UDP', address: '[fd00::1]:53', persistSeconds: 10_800 },
      backends: new Map([['[fd00::ffff:102:304]:53', { weight: 0, connections: 0 }]]),
    },
    { ...rr, protocol: 'SCTP', address: '[::ffff:102:304]:80', backends: new Map() },
  ]);
});

test('believes an answer that comes twice if no other answer has more servers', async () => {
  const server = (address: string): ListedServer => ({
    ...{ protocol: 'TCP', address, scheduler: 'rr', schedulerFlags: '', persistSeconds: undefined },
    backends: new Map(),
  });
  const [a, b, c] = ['10.0.0.1:80', '10.0.0.2:80', '10.0.0.3:80'].map(server) as [
    ListedServer,
    ListedServer,
    ListedServer,
  ];
  const answers = [[a], [a, b, c], [a], [b, c], [c, a, b, b], [a]];
  expect(await readUntilRepeated(async () => answers.shift() ?? [])).toEqual([c, a, b]);
  expect(answers).toEqual([[a]]);
  const ports = Array.from({ length: 100 }, (_, index) => index + 1).values();
  const different = async () => [server(`10.0.0.1:${ports.next().value}`)];
  await expect(readUntilRepeated(different)).rejects.toThrow('change too often');
});

test('accepts a list that is shorter because servers were deleted while it was read', async () => {
  const [before, after] = [['10.0.0.1:80', '10.0.0.2:80', '10.0.0.3:80'], ['10.0.0.2:80']].map((addresses) =>
    parseIpvs(addresses.map((address) => `TCP  ${address} rr\n`).join('')),
  );
  let reads = 0;
  expect(await readUntilRepeated(async () => (reads++ === 0 ? before : after) ?? [])).toEqual(after);
});
