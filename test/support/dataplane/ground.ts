// A node's network namespace with three links, whose rules can be replaced, and the packets that come out of it.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Entry, SentPacket } from '../../../src/dataplane/node/packet.ts';
import type { NodeTexts } from '../../../src/dataplane/node/texts.ts';
import { six } from './six.ts';
import { bytesOf, readSeen, type Seen } from './wire.ts';

/** The links of the node, and the other ends of their veth pairs. */
export const groundLinks = { e0: 'p0', e1: 'p1', e2: 'p2' } as const;
const macOf = (index: number): string => `02:00:00:00:00:0${index + 1}`;

/** What a rule set is made of. All parts are inputs of the tools themselves. */
export interface RuleSet {
  readonly name: string;
  readonly iptables?: string;
  readonly iptablesLegacy?: string;
  readonly nft?: string;
  readonly ipset?: string;
  /** Input of `ipvsadm -R`. Only where the kernel has IPVS. */
  readonly ipvs?: string;
  /** Lines of `ip -batch`, such as `rule add fwmark 1 lookup 100`. */
  readonly ip?: readonly string[];
  /** `net.ipv4.ip_forward=0` */
  readonly sysctls?: readonly string[];
}

export interface Probe {
  readonly packet: SentPacket & { readonly source: string; readonly sourcePort: number };
  readonly entry: Extract<Entry, { kind: 'process' | 'link' }>;
}

type Sysctls = Readonly<Record<string, number>>;

/** The parameters that a rule set may change, and what they are before it does. */
const sysctls4: Sysctls = {
  'net.ipv4.ip_forward': 1,
  ...Object.fromEntries(
    ['all', 'default', 'e0', 'e1', 'e2', 'lo'].flatMap((link) =>
      ['rp_filter', 'route_localnet', 'accept_local', 'src_valid_mark'].map((name) => [
        `net.ipv4.conf.${link}.${name}`,
        0,
      ]),
    ),
  ),
  ...Object.fromEntries(['e0', 'e1', 'e2'].map((link) => [`net.ipv4.conf.${link}.forwarding`, 1])),
};

const sysctls6: Sysctls = { 'net.ipv6.conf.all.forwarding': 1 };

export const builtInChains: Readonly<Record<string, readonly string[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
};
/** Without its lines, a chain would keep the policy that it had. */
const emptyTables = Object.entries(builtInChains)
  .map(([table, chains]) => `*${table}\n${chains.map((chain) => `:${chain} ACCEPT [0:0]\n`).join('')}COMMIT\n`)
  .join('');

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const pathOf = (name: string): string => `/proc/sys/${name.replaceAll('.', '/')}`;

export class Ground implements AsyncDisposable {
  readonly #node: string;
  readonly #others: string;
  readonly #prober: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly family: 'ip' | 'ip6';
  #nextId = 1;
  #errors = '';

  private constructor(node: string, others: string, family: 'ip' | 'ip6') {
    this.family = family;
    this.#node = node;
    this.#others = others;
    const pairs = Object.entries(groundLinks).map(([link, peer]) => `${link}=${peer}`);
    // On one processor, packets pass the kernel's queues in the order in which they were sent.
    const argv = ['-c', '0', 'perl', join(import.meta.dirname, 'prober.pl'), node, others, ...pairs];
    this.#prober = spawn('taskset', argv, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#prober.stderr?.on('data', (chunk: Buffer) => {
      this.#errors += chunk.toString();
    });
    const { stdout } = this.#prober;
    if (!stdout) throw new Error('the prober has no output');
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  /** @param name the namespaces begin with it; it must be free */
  static async create(name: string, family: 'ip' | 'ip6' = 'ip'): Promise<Ground> {
    const [node, others] = [`${name}-n`, `${name}-o`];
    execFileSync('sh', ['-ec', setUp(node, others, family)]);
    const ground = new Ground(node, others, family);
    await ground.#expect('ready');
    return ground;
  }

  /** Replaces everything by the rule set. @returns what the tools then print */
  load(rules: RuleSet): NodeTexts {
    const { ip, iptables, sysctls, dumps } = tools[this.family];
    const script = [
      'nft flush ruleset',
      `${iptables}-legacy-restore <<'END'\n${emptyTables}END`,
      'ipset destroy',
      // What an earlier rule set may have left: most of it is not there, and `-force` goes on.
      `${ip} -force -batch - 2>/dev/null <<'END' || true`,
      ...rulePrefs.map((pref) => `rule del pref ${pref}`),
      'route flush table 100',
      'route flush proto 99',
      `route add default via ${this.#address('10.1.0.254')} dev e1 table 100`,
      'END',
      'conntrack -F >/dev/null 2>&1',
      // Forwarding of all links comes first, because it sets each link's.
      ...Object.entries(sysctls).map(([name, value]) => `echo ${value} > ${pathOf(name)}`),
      ...(rules.sysctls ?? []).map((line) => `echo ${line.split('=')[1]} > ${pathOf(line.split('=')[0] ?? '')}`),
      ...(rules.ip ?? []).map((line) => `${ip} ${line}`),
      rules.ipset ? `ipset restore <<'END'\n${rules.ipset}\nEND` : '',
      rules.ipvs ? `ipvsadm -C; ipvsadm -R <<'END'\n${rules.ipvs}\nEND` : '',
      rules.iptables ? `${iptables}-nft-restore <<'END'\n${rules.iptables}END` : '',
      rules.iptablesLegacy ? `${iptables}-legacy-restore <<'END'\n${rules.iptablesLegacy}END` : '',
      rules.nft ? `nft -f - <<'END'\n${rules.nft}\nEND` : '',
      ...Object.entries(rules.ipvs ? { ...dumps, ipvs: 'ipvsadm -Sn' } : dumps).flatMap(([name, command]) => [
        `echo ${cut}${name}`,
        command,
      ]),
    ];
    const text = execFileSync('ip', ['netns', 'exec', this.#node, 'sh', '-es'], {
      input: script.filter(Boolean).join('\n'),
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const parts = text.split(new RegExp(`^${cut}(\\w+)\n`, 'm')).slice(1);
    const texts = Object.fromEntries(
      Array.from({ length: parts.length / 2 }, (_, at) => [parts[at * 2], parts[at * 2 + 1]]),
    );
    const { addresses = '', ...others } = texts as Partial<NodeTexts>;
    // ARP is off, and the prober takes every frame, whatever MAC address it has.
    return { routes: '[]', ...others, addresses: addresses.replaceAll(/"NOARP",?|,"NOARP"/g, ''), recent: {} };
  }

  /** Sends all packets. @returns for each, everything that came out */
  async send(probes: readonly Probe[]): Promise<Seen[][]> {
    const first = this.#nextId;
    this.#nextId += probes.length;
    const commands = probes.map(({ packet, entry }, index) => {
      const bytes = bytesOf(packet, first + index).toString('hex');
      if (entry.kind === 'process') return `l ${packet.source} ${packet.mark ?? 0} ${bytes}\n`;
      const at = Object.keys(groundLinks).indexOf(entry.link);
      const header = `${macOf(at).replaceAll(':', '')}0a0000000001${this.family === 'ip' ? '0800' : '86dd'}`;
      return `f ${Object.values(groundLinks)[at]} ${header}${bytes}\n`;
    });
    this.#prober.stdin?.write(`${commands.join('')}b\n`);
    const seen: Seen[][] = probes.map(() => []);
    for (let line = await this.#next(); line !== 'done'; line = await this.#next()) {
      const [verb, place = '', hex = ''] = line.split(' ');
      const packet = verb === 's' ? readSeen(place, Buffer.from(hex, 'hex')) : undefined;
      if (packet && packet.id >= first && packet.id < this.#nextId) seen[packet.id - first]?.push(packet);
    }
    return seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#prober.once('exit', resolve));
    if (this.#prober.exitCode === null) {
      this.#prober.stdin?.end();
      await ended;
    }
    for (const name of [this.#node, this.#others]) execFileSync('ip', ['netns', 'del', name]);
  }

  #address(address: string): string {
    return this.family === 'ip' ? address : six(address);
  }

  async #next(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the prober ended: ${this.#errors}`);
    return value;
  }

  async #expect(word: string): Promise<void> {
    const line = await this.#next();
    if (line !== word) throw new Error(`the prober said "${line}"`);
  }
}

/** The priorities of policy rules that a rule set may have. */
export const rulePrefs = [1001, 1002, 1003, 1004] as const;

const cut = '=====';

const printed = (names: readonly string[]): string =>
  `grep -sH '' ${names.map(pathOf).join(' ')} | sed 's#/proc/sys/##; s#/#.#g; s#:# = #'`;

interface Tools {
  readonly ip: string;
  readonly iptables: string;
  readonly sysctls: Sysctls;
  readonly dumps: Partial<Record<keyof NodeTexts, string>>;
}

/** The tools of each family, and the texts that the model reads. */
const tools = {
  ip: {
    ip: 'ip',
    iptables: 'iptables',
    sysctls: sysctls4,
    dumps: {
      addresses: 'ip -details -json address',
      routes: 'ip -json route show table all',
      rules: 'ip -json rule',
      sysctls: printed([...Object.keys(sysctls4), 'net.ipv4.vs.conntrack']),
      iptables: 'iptables-nft-save',
      iptablesLegacy: 'iptables-legacy-save',
      nft: 'nft -j list ruleset',
      ipset: 'ipset save',
    },
  },
  ip6: {
    ip: 'ip -6',
    iptables: 'ip6tables',
    sysctls: sysctls6,
    dumps: {
      addresses: 'ip -details -json address',
      routes6: 'ip -6 -json route show table all',
      rules6: 'ip -6 -json rule',
      sysctls: printed(Object.keys(sysctls6)),
      ip6tables: 'ip6tables-nft-save',
      ip6tablesLegacy: 'ip6tables-legacy-save',
      nft: 'nft -j list ruleset',
      ipset: 'ipset save',
    },
  },
} satisfies Record<'ip' | 'ip6', Tools>;

/** Addresses of the node: the first one of each link is the one that MASQUERADE takes, unless another fits better. */
export const groundAddresses = {
  e0: ['10.0.0.1/24', '10.0.0.3/24'],
  e1: ['10.1.0.1/24'],
  e2: ['10.2.0.1/24', '10.22.0.1/24', '10.123.0.11/24'],
} as const;

const setUp = (node: string, others: string, family: 'ip' | 'ip6'): string => {
  const own = (address: string): string => (family === 'ip' ? address : six(address));
  const inNode = (command: string) => `ip -n ${node} ${command}`;
  const run = (space: string, command: string) => `ip netns exec ${space} sh -c ${quote(command)}`;
  return [
    `ip netns add ${node}`,
    `ip netns add ${others}`,
    ...(family === 'ip' ? [node, others] : [others]).map((space) =>
      run(
        space,
        'echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6; echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6',
      ),
    ),
    // Every error must be sent, or a rejected packet looks like a dropped one.
    run(node, 'echo 0 > /proc/sys/net/ipv4/icmp_ratemask'),
    ...(family === 'ip' ? [] : [run(node, 'echo 0 > /proc/sys/net/ipv6/icmp/ratemask')]),
    inNode('link set lo up'),
    ...Object.entries(groundLinks).flatMap(([link, peer], index) => [
      inNode(`link add ${link} address ${macOf(index)} type veth peer name ${peer} netns ${others}`),
      // Without ARP, a packet leaves at once, whoever its next hop is.
      // No addresses of its own making, and no search for others that have the same.
      inNode(`link set ${link} addrgenmode none`),
      inNode(`link set ${link} up arp off`),
      `ip -n ${others} link set ${peer} up`,
      ...groundAddresses[link as keyof typeof groundAddresses].map((address) =>
        inNode(`address add ${own(address)} dev ${link}${family === 'ip' ? '' : ' nodad'}`),
      ),
    ]),
    inNode(`route add default via ${own('10.0.0.254')} dev e0`),
    inNode(`route add ${own('192.0.2.0/24')} via ${own('10.1.0.254')} dev e1`),
    inNode(`route add blackhole ${own('198.51.100.0/24')}`),
    inNode(`route add unreachable ${own('198.51.101.0/24')}`),
  ].join('\n');
};
