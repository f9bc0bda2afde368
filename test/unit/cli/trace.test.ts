import { describe, expect, test } from 'vitest';
import type { Service } from '../../../src/api/core.ts';
import type { Pod } from '../../../src/api/core-pods.ts';
import { type Hop, linkLoss, type Way } from '../../../src/dataplane/cluster/way.ts';
import type { Headers, NodeStep, RuleStep } from '../../../src/dataplane/node/packet.ts';
import type { Context } from '../../../src/host/cli/context.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import { goalOf, startOf, type Wanted } from '../../../src/host/cli/trace/operands.ts';
import { drawTrace, type How } from '../../../src/host/cli/trace/picture.ts';
import { isAllReached, type TracedWay } from '../../../src/host/cli/trace/traced.ts';
import type { TracedLab } from '../../../src/host/trace/lab.ts';
import type { Proof } from '../../../src/host/trace/proof.ts';
import { fakeOutput } from './fake-output.ts';

const contextIn = (language: 'en' | 'ko' = 'en', width = 80): Context =>
  ({ say: messagesIn(language), output: fakeOutput({ width }).output }) as unknown as Context;

const pod = (name: string, podIP?: string, spec: Partial<Pod['spec']> = {}): Pod =>
  ({
    metadata: { name, namespace: name === 'cart' ? 'shop' : 'default' },
    spec: { nodeName: 'node01', containers: [{ name: 'c', ports: [{ name: 'web', containerPort: 8080 }] }], ...spec },
    status: podIP ? { podIP } : {},
  }) as unknown as Pod;
const service = (name: string, clusterIP: string, ...ports: number[]): Service =>
  ({
    metadata: { name, namespace: name === 'stock' ? 'shop' : 'default' },
    spec: { clusterIP, ports: ports.map((port) => ({ port, ...(ports.length > 1 ? { name: `p${port}` } : {}) })) },
  }) as unknown as Service;

const lab = {
  hasNames: true,
  model: {
    machines: new Map([
      ['default/blue', {}],
      ['shop/cart', {}],
      ['node01/netns/red', {}],
    ]),
  },
  machines: [
    { name: 'node01', role: 'worker', pid: 1, address: '192.168.56.11' },
    { name: 'client', role: 'client', pid: 2, address: '192.168.56.100' },
  ],
  pods: [
    pod('blue', '10.244.1.3'),
    pod('cart', '10.244.1.4'),
    pod('late'),
    pod('host', '192.168.56.11', { hostNetwork: true }),
  ],
  services: [
    service('db', '10.96.0.7', 3306),
    service('two', '10.96.0.8', 80, 443),
    service('none', 'None', 80),
    {
      metadata: { name: 'ext', namespace: 'default' },
      spec: { type: 'ExternalName', externalName: 'example.org' },
    } as unknown as Service,
    service('stock', '10.96.0.9', 80),
  ],
} as unknown as TracedLab;

const wanted = (from: string, to: string, over: Partial<Wanted> = {}): Wanted => ({
  from,
  to,
  namespace: undefined,
  protocol: 'tcp',
  known: ['node01', 'node02', 'client'],
  ...over,
});

describe('where a packet starts', () => {
  test.each([
    ['pod/blue', 'default/blue', '10.244.1.3'],
    ['blue', 'default/blue', '10.244.1.3'],
    ['pod/shop/cart', 'shop/cart', '10.244.1.4'],
    ['shop/cart', 'shop/cart', '10.244.1.4'],
    ['node/node01', 'node01', undefined],
    ['node01', 'node01', undefined],
    ['client', 'client', undefined],
    ['pod/host', 'node01', undefined],
  ])('%s is %s', (from, machine, podIp) => {
    expect(startOf(contextIn(), lab, wanted(from, ''))).toMatchObject({ machine, podIp });
  });

  test.each(['node01/netns/red', 'node/node01/netns/red'])('%s is a namespace that was made by hand', (from) => {
    expect(startOf(contextIn(), lab, wanted(from, ''))).toMatchObject({ machine: 'node01/netns/red', netns: 'red' });
  });

  test('says that a machine is stopped, and that names are unknown without an API server', () => {
    expect(() => startOf(contextIn(), lab, wanted('node02', ''))).toThrow('The machine node02 does not run');
    expect(() => goalOf(contextIn(), lab, wanted('blue', 'node02:80'))).toThrow('The machine node02 does not run');
    const silent = { ...lab, pods: [], services: [], hasNames: false };
    expect(() => startOf(contextIn(), silent, wanted('blue', ''))).toThrow('The API server does not answer');
    expect(() => goalOf(contextIn(), silent, wanted('node01', 'db:80'))).toThrow('The API server does not answer');
  });

  test('takes the namespace of -n', () => {
    expect(startOf(contextIn(), lab, wanted('cart', '', { namespace: 'shop' })).machine).toBe('shop/cart');
  });

  test.each([
    ['bleu', 'There is no pod or machine "bleu"', 'Did you mean pod/blue?'],
    ['cart', 'There is no pod or machine "cart"', 'Did you mean pod/shop/cart?'],
    ['node/node09', 'There is no machine "node09"', 'node01, client'],
    ['node01/netns/rde', 'node01 has no network namespace "rde"', 'There are node01/netns/red.'],
    ['client/netns/red', 'client has no network namespace "red"', undefined],
    ['late', 'The pod late does not run yet, or has ended', undefined],
  ])('%s is refused', (from, message, hint) => {
    let error: unknown;
    try {
      startOf(contextIn(), lab, wanted(from, ''));
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchObject({ code: 'LAB_USAGE', exitCode: 2, message });
    if (hint !== undefined) expect((error as { hint: string }).hint).toContain(hint);
  });
});

describe('where a packet goes', () => {
  test('a short name means what it means for the pod that sends, unless -n says otherwise', () => {
    const given = wanted('shop/cart', 'stock:80');
    const sender = startOf(contextIn(), lab, given);
    expect(goalOf(contextIn(), lab, given, sender)).toMatchObject({ address: '10.96.0.9', port: 80 });
    expect(() => goalOf(contextIn(), lab, { ...given, namespace: 'default' }, sender)).toThrow('stock');
    expect(() => goalOf(contextIn(), lab, given)).toThrow('stock');
  });

  test.each([
    ['db', '10.96.0.7', 3306],
    ['db:3306', '10.96.0.7', 3306],
    ['db:9', '10.96.0.7', 9],
    ['svc/db', '10.96.0.7', 3306],
    ['db.default.svc.cluster.local:3306', '10.96.0.7', 3306],
    ['two:p443', '10.96.0.8', 443],
    ['stock.shop', '10.96.0.9', 80],
    ['service/shop/stock:80', '10.96.0.9', 80],
    ['node01:30080', '192.168.56.11', 30_080],
    ['10.96.0.7:3306', '10.96.0.7', 3306],
    ['10.96.0.7', '10.96.0.7', 3306],
    ['10.96.0.200:80', '10.96.0.200', 80],
    ['pod/blue:web', '10.244.1.3', 8080],
    ['pod/blue', '10.244.1.3', 8080],
    ['blue:81', '10.244.1.3', 81],
  ])('%s is %s, port %d', (to, address, port) => {
    expect(goalOf(contextIn(), lab, wanted('blue', to))).toMatchObject({ address, port });
  });

  test.each(['two', 'two.default', 'svc/two', '10.96.0.8'])('a port that %s does not have is traced', (to) => {
    const missing = goalOf(contextIn(), lab, wanted('blue', `${to}:81`));
    expect(missing).toEqual({ label: 'two', address: '10.96.0.8', port: 81, instead: [80, 443] });
    const udp = goalOf(contextIn(), lab, wanted('blue', `${to}:80`, { protocol: 'udp' }));
    expect(udp).toEqual({ label: 'two', address: '10.96.0.8', port: 80, instead: [] });
  });

  test.each([
    ['two', 'Which port of two?', '80, 443'],
    ['none:80', 'The service none has no cluster IP', 'pod/NAME'],
    ['stock', 'There is no service, machine or address "stock"', 'stock.shop'],
    ['cart:80', 'There is no service, machine or address "cart"', 'SERVICE:PORT'],
    ['stock:81', 'There is no service, machine or address "stock"', 'stock.shop:81'],
    ['ext:80', 'The service ext has no cluster IP', 'example.org'],
    ['node01', 'Which port of node01?', 'node01:80'],
    ['10.96.0.8', 'Which port of two?', '80, 443'],
    ['10.96.0.200', 'Which port of 10.96.0.200?', '10.96.0.200:80'],
    ['db:0', 'Which port of db?', 'db:80'],
    ['db:99999', 'Which port of db?', 'db:80'],
    ['dbb:80', 'There is no service, machine or address "dbb"', 'Did you mean db?'],
  ])('%s is refused', (to, message, hint) => {
    let error: unknown;
    try {
      goalOf(contextIn(), lab, wanted('blue', to));
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchObject({ code: 'LAB_USAGE', exitCode: 2 });
    expect((error as Error).message).toContain(message);
    expect((error as { hint: string }).hint).toContain(hint);
  });
});

const headers = (source: string, destination: string, destinationPort: number): Headers => ({
  family: 'ip',
  source,
  sourcePort: 49_152,
  destination,
  destinationPort,
  protocol: 'tcp',
  mark: 0,
  ttl: 64,
});
const rule = (chain: string, effect: string, comment?: string): NodeStep => ({
  kind: 'rule',
  hook: 'prerouting',
  backend: 'iptables-nft',
  family: 'ip',
  table: 'nat',
  chain,
  position: 1,
  text: '',
  effect,
  ...(comment === undefined ? {} : { comment }),
});
const route = (text: string): NodeStep => ({ kind: 'route', text, table: 'main', rule: '', effect: '' });

/** From the pod blue through node01 and the fabric to a pod on node02. */
const wayTo = (address: string, end: Way['end'], probability: number): Way => {
  const [service, after] = [headers('10.244.1.3', '10.96.0.8', 80), headers('10.244.1.3', address, 8080)];
  const hop = (over: Partial<Hop> & Pick<Hop, 'machine' | 'kind'>): Hop => ({
    ...{
      entry: { kind: 'link', link: 'eth0' },
      before: after,
      after,
      steps: [],
      connection: undefined,
      next: undefined,
    },
    end: { kind: 'leaves', link: 'eth0', nextHop: '' },
    ...over,
  });
  const to = (machine: string, link: string, ...through: string[]) => ({ machine, link, through, tunnel: undefined });
  return {
    hops: [
      hop({
        ...{ machine: 'default/blue', kind: 'pod', before: headers('', '10.96.0.8', 80), after: service },
        ...{ steps: [route('default via 10.244.1.1 dev eth0')], next: to('node01', 'veth1') },
      }),
      hop({
        ...{ machine: 'node01', kind: 'node', before: service },
        steps: [
          rule('PREROUTING', 'jump to IDLE'),
          rule(
            'PREROUTING',
            'jump to SVC',
            'a comment that is much too long for the rest of a line, and even for a line',
          ),
          rule('SVC', `DNAT to ${address}:8080`, 'default/two'),
          route('10.244.2.0/24 via 192.168.56.12 dev eth0'),
          { kind: 'conntrack', effect: 'remembers it' },
        ],
        next: to('fabric', 'lab-1'),
      }),
      hop({
        machine: 'fabric',
        kind: 'fabric',
        entry: { kind: 'bridged', bridge: 'lab0', fromPort: 'lab-1', toPort: 'lab-2' },
        next: to('node02', 'eth0'),
      }),
      hop({
        machine: 'node02',
        kind: 'node',
        steps: [route('10.244.2.0/24 dev cni0')],
        next: to('default/two-a', 'eth0', 'bridge cni0 of node02'),
      }),
      hop({
        machine: 'default/two-a',
        kind: 'pod',
        steps: [route(`local ${address} dev eth0`)],
        end: { kind: 'delivered', listening: true },
      }),
    ],
    end,
    headers: after,
    probability,
    conditions: [],
    randomPort: false,
  };
};
const delivered = (address: string): Way['end'] => ({
  kind: 'delivered',
  machine: 'default/two-a',
  to: 'pod',
  address,
  port: 8080,
  listening: true,
});
const start = { machine: 'default/blue', label: 'blue', host: lab.machines[0], podIp: undefined } as never;
const goal = { label: 'two', address: '10.96.0.8', port: 80 };
const how = (over: Partial<How> = {}): How => ({
  explain: false,
  all: false,
  isService: (address) => address === '10.96.0.8',
  hostOf: (machine) => (machine === 'default/blue' ? 'node01' : undefined),
  proof: undefined,
  ...over,
});
const draw = (ways: readonly TracedWay[], over: Partial<How> = {}, context = contextIn()): string =>
  drawTrace(context, { start, goal, protocol: 'tcp', ways }, how(over)).join('\n');

describe('the picture', () => {
  const one = [wayTo('10.244.2.2', delivered('10.244.2.2'), 1)];

  test('has a hop for each machine, with what happens there', () => {
    expect(`\n${draw(one)}\n`).toBe(`
blue → two:80/tcp  10.96.0.8

● blue  pod on node01                                  10.244.1.3 → 10.96.0.8:80
│  route      default via 10.244.1.1 dev eth0
▼  eth0 ─ veth1
● node01                                               10.244.1.3 → 10.96.0.8:80
│  nat        PREROUTING 1 → SVC
│               a comment that is much too long for the rest of a line, and eve…
│  nat        SVC 1 DNAT to 10.244.2.2:8080  default/two
│  route      10.244.2.0/24 via 192.168.56.12 dev eth0
│  conntrack  remembers it
│  … 1 jump led to no matching rule
▼  eth0 ─ bridge lab0 ─ eth0
● node02                                            10.244.1.3 → 10.244.2.2:8080
│  route      10.244.2.0/24 dev cni0
▼  eth0 ─ bridge cni0 ─ eth0
● two-a                                             10.244.1.3 → 10.244.2.2:8080
│  route      local 10.244.2.2 dev eth0
✔  Delivered to two-a, port 8080. A program listens there. It sees the sender as
   10.244.1.3.
`);
  });

  test('shows a link that may lose the packet, and explains it', () => {
    const lossy = one.map((way) => ({
      ...way,
      hops: way.hops.map((hop) =>
        hop.machine === 'fabric' && hop.next ? { ...hop, next: { ...hop.next, through: ['loss 5%'] } } : hop,
      ),
    }));
    expect(draw(lossy)).toContain('\n▼  eth0 ─ bridge lab0 ─ loss 5% ─ eth0\n● node02');
    const text = draw(lossy, { explain: true }).replace(/\n│ {2}┃ /g, ' ');
    expect(text).toContain('The next link loses 5% of the packets, because the lab says so.');
  });

  test('tells a link that loses all packets from an address outside of the cluster', () => {
    const lost = (by: string) =>
      draw([wayTo('10.244.2.2', { kind: 'dropped', machine: 'fabric', by, step: undefined }, 1)]);
    expect(lost(linkLoss)).toContain('✖  Lost on a link: the lab lets this link lose all packets.');
    expect(lost('no forwarding')).toContain('✖  Leaves the cluster');
  });

  test('says that the service does not have this port', () => {
    const other = { ...goal, port: 81, instead: [80] };
    expect(drawTrace(contextIn(), { start, goal: other, protocol: 'tcp', ways: one }, how()).slice(0, 3)).toEqual([
      'blue → two:81/tcp  10.96.0.8',
      'The service two has no port 81. Its ports: 80.',
      '',
    ]);
  });

  test('says in Korean why no way leads out', () => {
    const say = messagesIn('ko');
    const by = 'no machine behind eth0 of client answers for 192.168.56.228';
    expect(say.traceUnroutable('client', by)).toBe(
      'client에서 나갈 길이 없습니다: client의 eth0 쪽에는 192.168.56.228 주소에 응답하는 머신이 없습니다.',
    );
    expect(say.traceUnroutable('client', 'something new')).toContain('something new');
  });

  test('says in Korean what conntrack remembers', () => {
    const effect = 'remembers 10.244.2.2 → 10.96.0.8 as 10.244.2.2 → 10.244.1.2:80';
    const ways = one.map((way) => ({
      ...way,
      hops: way.hops.map((hop) => ({ ...hop, steps: [{ kind: 'conntrack' as const, effect }] })),
    }));
    const drawn = draw(ways, {}, contextIn('ko', 120));
    expect(drawn).toContain('10.244.2.2 → 10.96.0.8 연결의 변환을 기억: 10.244.2.2 → 10.244.1.2:80');
    expect(drawn).not.toContain('remembers');
  });

  test('fits into 80 columns, and 40, in both languages', () => {
    for (const language of ['en', 'ko'] as const)
      for (const line of draw(one, { explain: true }, contextIn(language)).split('\n'))
        expect(line.length).toBeLessThanOrEqual(80);
    expect(draw(one, { explain: true }, contextIn('en', 40)).split('\n').at(-1)?.length).toBeLessThanOrEqual(40);
  });

  test('explains each hop', () => {
    const text = draw(one, { explain: true }).replace(/\n│ {2}┃ /g, ' ');
    expect(text).toContain('blue has no route of its own to this address');
    expect(text).toContain('A rule on node01 replaces the destination 10.96.0.8:80 by 10.244.2.2:8080 (DNAT).');
    expect(text).toContain('On node01, a route says: 10.244.2.0/24 is behind 192.168.56.12.');
    expect(text).toContain('The bridge lab0 carries it to node02.');
    expect(text).toContain('10.244.2.2 is an address of two-a itself');
  });

  test('shows the way that the real packet took, and the shares of all', () => {
    const ways = [wayTo('10.244.2.2', delivered('10.244.2.2'), 0.5), wayTo('10.244.2.3', delivered('10.244.2.3'), 0.5)];
    const proof = { outcome: 'connected', way: 1, rules: 3, traced: true } as const;
    const text = draw(ways, { proof });
    expect(text).toContain('DNAT to 10.244.2.3:8080');
    expect(text).not.toContain('DNAT to 10.244.2.2:8080');
    expect(text).toContain("✔  A real packet was sent: connected. The kernel's own trace names the same 3\n   rules.");
    expect(text).toContain('  50 %   two-a  10.244.2.2:8080\n');
    expect(draw(ways, { all: true })).toContain('Way 2 of 2, for 50 % of the connections');
  });

  test('says under which condition a packet goes a way, and what part of the packets do at least and at most', () => {
    const when = (holds: boolean) => [{ key: 'a', text: 'rule 1 of chain FORWARD: -m limit --limit 3/min', holds }];
    const ways = [
      { ...wayTo('10.244.2.2', delivered('10.244.2.2'), 1), conditions: when(true) },
      {
        ...wayTo('10.244.2.2', { kind: 'dropped', machine: 'node02', by: 'x', step: undefined }, 1),
        conditions: when(false),
      },
    ];
    const picture = draw(ways, { all: true });
    expect(picture).toContain('This way only while rule 1 of chain FORWARD: -m limit --limit 3/min matches.');
    expect(picture).toContain('-m limit --limit 3/min does not\nmatch.');
    expect(picture).toContain('  0 % – 100 % two-a  10.244.2.2:8080\n  0 % – 100 % node02  dropped');
  });

  test.each<[Way['end'], string]>([
    [
      { ...delivered('10.244.2.2'), listening: false } as Way['end'],
      '✖  Arrives at two-a, port 8080, where no program listens',
    ],
    [
      { kind: 'dropped', machine: 'node02', by: 'rule 1', step: undefined },
      '✖  Dropped on node02, without an answer: rule 1.',
    ],
    [
      { kind: 'rejected', machine: 'node02', with: 'tcp-reset', by: 'rule 1', step: undefined },
      '✖  Refused on node02 with tcp-reset: rule 1.',
    ],
    [{ kind: 'unroutable', machine: 'node02', by: 'no route' }, '✖  No way out of node02: no route.'],
    [{ kind: 'loop', machine: 'node02' }, '✖  Goes round in a circle'],
    [
      { kind: 'unknown', machine: 'node02', reasons: ['-m u32'] },
      '✖  labs cannot tell what happens on node02: -m u32.',
    ],
  ])('says how it ends: %o', (end, text) => {
    expect(draw([wayTo('10.244.2.2', end, 1)])).toContain(text);
  });

  test.each(['timeout', 'unreachable'] as const)('takes %s for the end of a packet that goes round', (outcome) => {
    const proof: Proof = { outcome, way: 0, rules: 1, traced: true };
    const drawn = draw([wayTo('10.244.2.2', { kind: 'loop', machine: 'node02' }, 1)], { proof });
    expect(drawn).toMatch(/^= {2}A real packet/m);
    expect(drawn).not.toContain('ended otherwise');
  });

  test('succeeds only if every way leads to a program, and the answer comes back', () => {
    const [way] = one;
    if (!way) throw new Error('no way');
    const proof = (outcome: Proof['outcome']): Proof => ({ outcome, way: 0, rules: 1, traced: true });
    const reached = (ways: readonly TracedWay[], outcome?: Proof['outcome']): boolean =>
      isAllReached({ ways }, outcome && proof(outcome));
    const returns: TracedWay = { ...way, answer: { kind: 'returns' } };
    for (const outcome of [undefined, 'sent', 'connected'] as const) expect(reached([returns], outcome)).toBe(true);
    for (const outcome of ['refused', 'unreachable', 'timeout'] as const)
      expect(reached([returns], outcome)).toBe(false);
    const lost: TracedWay = { ...way, answer: { kind: 'lost', way } };
    const unsure: TracedWay = { ...way, answer: { kind: 'unknown', way, reasons: [] } };
    const dropped = wayTo('10.244.2.2', { kind: 'dropped', machine: 'node02', by: 'rule 1', step: undefined }, 1);
    const silent = wayTo('10.244.2.2', { ...delivered('10.244.2.2'), listening: false } as Way['end'], 1);
    const unknown = wayTo('10.244.2.2', { kind: 'unknown', machine: 'node02', reasons: [] }, 1);
    for (const bad of [lost, unsure, dropped, silent, unknown]) {
      expect(reached([bad])).toBe(false);
      expect(reached([returns, bad], 'connected')).toBe(false);
      expect(reached([bad], 'sent')).toBe(false);
    }
    // Of a way that the model does not know, the kernel knows the end.
    expect(reached([unknown], 'connected')).toBe(true);
    expect(reached([unsure], 'connected')).toBe(true);
  });

  const explained = (end: Way['end'], steps: readonly NodeStep[], last: Partial<Hop> = {}, language?: 'ko'): string => {
    const [way] = one;
    const [blue, node01] = way?.hops ?? [];
    if (!way || !blue || !node01) throw new Error('no way');
    const hop: Hop = { ...node01, steps, next: undefined, end: { kind: 'unroutable', by: '' }, ...last };
    const drawn = draw([{ ...way, hops: [blue, hop], end }], { explain: true }, contextIn(language));
    return drawn.replace(/\n│ {2}┃ /g, ' ');
  };
  const at = { machine: 'node01' };

  test('explains a drop, a reject, a policy and what is not tracked', () => {
    const drop = rule('FORWARD', 'drop');
    const dropped = explained({ kind: 'dropped', ...at, by: '', step: drop }, [drop]);
    expect(dropped).toContain('Rule 1 of the chain FORWARD matches this packet, and node01 throws the packet away.');
    expect(dropped).toContain('Nobody tells the sender, who waits until a time limit ends.');
    const reset = rule('INPUT', 'reject with tcp-reset');
    const refused: Way['end'] = { kind: 'rejected', ...at, with: 'tcp-reset', by: '', step: reset };
    const there = { before: headers('10.244.1.3', '10.244.2.2', 8080), end: refused };
    expect(explained(refused, [reset], there)).toContain(
      'Rule 1 of the chain INPUT matches this packet, and node01 refuses the packet. node01 tells the sender (tcp-reset), so the sender knows at once and does not wait.',
    );
    const policy: NodeStep = { ...(drop as RuleStep), kind: 'policy', effect: 'drop' };
    expect(explained({ kind: 'dropped', ...at, by: '', step: policy }, [policy])).toContain(
      'No rule of the chain FORWARD decided, so its policy does: DROP. node01 throws the packet away.',
    );
    const martian: NodeStep = { kind: 'kernel', effect: 'drop: martian' };
    expect(explained({ kind: 'dropped', ...at, by: '', step: martian }, [martian])).toContain(
      'No rule throws the packet away, but the kernel of node01 itself does.',
    );
    const notTracked = explained(one[0]?.end ?? delivered(''), [rule('PREROUTING', 'do not track')]);
    expect(notTracked).toContain('A rule on node01 keeps this packet out of the connection table (NOTRACK).');
    for (const step of [drop, policy, martian])
      expect(explained({ kind: 'dropped', ...at, by: '', step }, [step], {}, 'ko')).toContain('패킷을 버립니다.');
  });

  test('knows that a reset after DNAT does not reach its sender', () => {
    const [way] = one;
    const reset = rule('FORWARD', 'reject with tcp-reset');
    const end: Way['end'] = { kind: 'rejected', ...at, with: 'tcp-reset', by: '', step: reset };
    expect(explained(end, [reset], { end })).toContain(
      'node01 sends a reset, but from 10.244.2.2:8080: the kernel does not undo the DNAT of a connection that it refuses. The sender asked 10.96.0.8:80, so it ignores the reset and waits.',
    );
    const [blue, node01] = way?.hops ?? [];
    if (!way || !blue || !node01) throw new Error('no way');
    const drawn = (hop: Hop, outcome: Proof['outcome']): string =>
      draw([{ ...way, hops: [blue, hop], end }], { proof: { outcome, way: 0, rules: 1, traced: true } });
    const forwarded: Hop = { ...node01, next: undefined, end };
    expect(drawn(forwarded, 'timeout')).toContain('=  A real packet was sent');
    expect(drawn(forwarded, 'refused')).toContain('!  A real packet was sent');
    // For a process of the same machine, the kernel undoes the DNAT.
    const own: Hop = { ...forwarded, entry: { kind: 'process' } };
    expect(drawn(own, 'refused')).toContain('=  A real packet was sent');
  });

  test('explains a parameter of the kernel that stops a packet', () => {
    const step: NodeStep = { kind: 'sysctl', name: 'net.ipv4.ip_forward', value: '0', effect: 'drop' };
    expect(explained({ kind: 'dropped', ...at, by: '', step }, [step])).toContain(
      'The kernel parameter net.ipv4.ip_forward of node01 is 0, and so the kernel throws the packet away.',
    );
  });

  test('explains why a packet finds no way', () => {
    const noRoute = { kind: 'unroutable', ...at, by: 'no route' } as const;
    expect(explained(noRoute, [{ kind: 'kernel', effect: 'unroutable: no route' }])).toContain(
      'No route of node01 fits 10.244.2.2, not even a default route. The sender learns at once that the network is unreachable.',
    );
    expect(explained({ ...noRoute, by: 'unreachable 10.9.0.0/16' }, [])).toContain(
      'A route of node01 says that this network cannot be reached: unreachable 10.9.0.0/16.',
    );
    const leaves = { kind: 'leaves', link: 'eth0', nextHop: '192.168.56.77' } as const;
    expect(explained({ ...noRoute, by: 'nobody' }, [], { end: leaves })).toContain(
      'A route of node01 leads to eth0, but no machine there answers for 192.168.56.77 (ARP). After some seconds the sender learns that the host is unreachable.',
    );
  });

  test('does not call a connection without an answer a success', () => {
    const proof = { outcome: 'timeout', way: 0, rules: 1, traced: true } as const;
    expect(draw(one, { proof }).replaceAll('\n   ', ' ')).toContain(
      "!  A real packet was sent: no answer. The kernel's own trace names the same rule. But no answer came back: look at the way back, from two-a to blue",
    );
  });

  test('says why the answer does not come back, and that the real one did not, either', () => {
    const [way] = one;
    if (!way) throw new Error('no way');
    const back = (end: Way['end'], source = '10.96.0.8'): Way => ({
      ...way,
      ...{ end, hops: [], headers: { ...headers(source, '10.244.1.3', 49_152), sourcePort: 80 } },
    });
    const dropped = back({ kind: 'dropped', machine: 'node02', by: 'rule 1', step: undefined });
    const proof = { outcome: 'timeout', way: 0, rules: 1, traced: true } as const;
    const lost = draw([{ ...way, answer: { kind: 'lost', way: dropped } }], { proof }).replaceAll('\n   ', ' ');
    expect(lost).toContain('✖  But the answer does not come back. It ends on node02: rule 1.');
    expect(lost).toMatch(/= {2}A real packet was sent: no answer\. The kernel's own trace names the same rule\.$/);
    const wanted = { address: '10.96.0.8', port: 80 };
    const other = back(delivered('10.244.1.3'), '10.244.1.4');
    expect(draw([{ ...way, answer: { kind: 'strange', way: other, wanted } }]).replaceAll('\n   ', ' ')).toContain(
      '✖  But blue does not take the answer: it comes from 10.244.1.4:80 instead of 10.96.0.8:80,',
    );
    const reasons = ['-m u32'];
    expect(draw([{ ...way, answer: { kind: 'unknown', way: dropped, reasons } }])).toContain(
      '!  labs cannot tell whether the answer comes back. On node02: -m u32.',
    );
    expect(draw([{ ...way, answer: { kind: 'returns' } }])).toBe(draw([way]));
  });

  test('says of an unknown end only what the real packet did', () => {
    const unknown = [wayTo('10.244.2.2', { kind: 'unknown', machine: 'node02', reasons: ['-m u32'] }, 1)];
    const difference = { machine: 'node01', model: 'a', kernel: 'b' };
    const proof = { outcome: 'timeout', way: undefined, rules: 0, traced: true, difference } as const;
    expect(draw(unknown, { proof })).toMatch(/! {2}A real packet was sent: no answer\.$/);
  });

  test('explains what is no service and no masquerading as what it is', () => {
    const [way] = one;
    if (!way) throw new Error('no way');
    const hops = way.hops.map((hop) =>
      hop.machine === 'node01'
        ? {
            ...hop,
            after: { ...hop.after, source: '1.2.3.4' },
            steps: [...hop.steps, rule('POSTROUTING', 'SNAT to 1.2.3.4')],
          }
        : hop,
    );
    const text = draw([{ ...way, hops }], { explain: true, isService: () => false }).replace(/\n│ {2}┃ /g, ' ');
    expect(text).toContain('replaces the destination 10.96.0.8:80 by 10.244.2.2:8080 (DNAT).');
    expect(text).not.toContain('No machine has the address of a service');
    expect(text).toContain('replaces the source 10.244.1.3 by 1.2.3.4 (SNAT). Answers go there.');
  });

  test('fits into 60 columns: the effect goes below a long rule', () => {
    const long = rule('KUBE-SVC-LOLE4ISW44XBNF3G', 'jump to KUBE-SEP-3BXOQLMOWG4452TJ');
    const [way] = one;
    if (!way) throw new Error('no way');
    const hops = way.hops.map((hop) =>
      hop.machine === 'node01' ? { ...hop, steps: [long, rule('KUBE-SEP-3BXOQLMOWG4452TJ', 'accept')] } : hop,
    );
    const text = draw([{ ...way, hops }], {}, contextIn('en', 60));
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
    expect(text).toContain('KUBE-SVC-LOLE4ISW44XBNF3G 1\n');
  });

  test('says where the kernel disagrees', () => {
    const difference = { machine: 'node01', model: 'ip nat SVC jump A', kernel: 'ip nat SVC jump B' };
    const proof = { outcome: 'connected', way: undefined, rules: 0, traced: true, difference } as const;
    expect(draw(one, { proof }).replaceAll('\n   ', ' ')).toContain(
      '!  A real packet was sent (connected) and took another way on node01: ip nat SVC jump B instead of ip nat SVC jump A.',
    );
  });
});
