// The tables of nftables mode treat packets like the original's tables, although their layout differs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { goldenServices, goldenSlices } from '../../support/proxy/golden.ts';
import type { FakeTable } from '../../support/proxy/nftables/fake-nft.ts';
import { type Change, put, World } from '../../support/proxy/world.ts';
import { keysOf, parseListing, verdictsOf } from './nft-listing.ts';

const recorded = readFileSync(
  join(import.meta.dirname, '../../fixtures/kube-proxy-v1.36.2/nftables-ruleset.txt'),
  'utf8',
);
const clusterCidr = '10.200.0.0/15';
const objects: readonly Change[] = [
  {
    plural: 'nodes',
    object: {
      metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'zone-a' } },
      status: { addresses: [{ type: 'InternalIP', address: '10.123.0.11' }] },
    } as Change['object'],
  },
  ...goldenServices().map(put.service),
  ...goldenSlices().map(put.slice),
];

/** An IPv4 address with an optional prefix length or port. */
const address = /\b(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d\d?)\b)?(:\d+)?/g;

/** Maps each IPv4 address into fd00::/96. Different addresses stay different, and networks keep their size. */
const toIpv6 = (text: string): string =>
  text.replace(address, (_, ...[a, b, c, d, length, port]: readonly (string | undefined)[]) => {
    const group = (high = '', low = ''): string => (Number(high) * 256 + Number(low)).toString(16);
    const mapped = `fd00::${group(a, b)}:${group(c, d)}${length === undefined ? '' : `/${96 + Number(length)}`}`;
    return port === undefined ? mapped : `[${mapped}]${port}`;
  });

const inIpv6: readonly Change[] = JSON.parse(toIpv6(JSON.stringify(objects)).replaceAll('"IPv4"', '"IPv6"'));

/** The original's IPv4 table, translated to IPv6. */
const recordedInIpv6 = toIpv6(recorded.slice(0, recorded.indexOf('table ip6 ')))
  .replace(/^table ip /, 'table ip6 ')
  .replace(/\bip (?=[sd]addr\b|to\b)/g, 'ip6 ')
  .replaceAll('ipv4_addr', 'ipv6_addr');

interface Recording {
  readonly title: string;
  readonly name: 'ip kube-proxy' | 'ip6 kube-proxy';
  readonly listing: string;
  readonly changes: readonly Change[];
  readonly cidr: string;
  /** Number of elements in all sets and maps of the recording. */
  readonly elements: number;
}

const recordings: readonly Recording[] = [
  {
    ...{ title: 'for IPv4', name: 'ip kube-proxy', listing: recorded, changes: objects, cidr: clusterCidr },
    elements: 99,
  },
  {
    ...{ title: 'for IPv6, without any service', name: 'ip6 kube-proxy', listing: recorded, changes: objects },
    ...{ cidr: clusterCidr, elements: 0 },
  },
  {
    ...{ title: 'for IPv4, translated to IPv6', name: 'ip6 kube-proxy', listing: recordedInIpv6, changes: inIpv6 },
    ...{ cidr: toIpv6(clusterCidr), elements: 99 },
  },
];

const maps = ['service-ips', 'service-nodeports', 'firewall-ips'];
const sets = ['cluster-ips', 'nodeport-ips', 'hairpin-connections'];
/** The original maps keys to verdicts. Here, each verdict has a set of keys. */
const refusals: readonly (readonly [map: string, verdict: string, set: string, action: string])[] = [
  ['no-endpoint-services', 'goto reject-chain', 'no-endpoints', 'reject'],
  ['no-endpoint-services', 'drop', 'no-local-endpoints', 'drop'],
  ['no-endpoint-nodeports', 'goto reject-chain', 'no-endpoints-nodeports', 'reject'],
  ['no-endpoint-nodeports', 'drop', 'no-local-endpoints-nodeports', 'drop'],
];

/** Whether a chain or set belongs to one service or endpoint. `verdictsOf` unfolds these. */
const isOfService = (name: string): boolean => name.includes('/');

/** Translates a rule of the original into the equivalent rules of this kube-proxy. */
const translate = (rule: string): string[] => {
  const text = rule.replace(/ comment ".*"$/, '');
  // The original drops packets to unused addresses of a ServiceCIDR. This kube-proxy does not read ServiceCIDRs.
  if (/ daddr \S+\/\d+ drop$/.test(text)) return [];
  const [, match, map] = /^(.*) vmap @(no-endpoint-\w+)$/.exec(text) ?? [];
  if (map === undefined) return [text];
  return refusals.flatMap(([from, , set, action]) => (from === map ? [`${match} @${set} ${action}`] : []));
};

/** The hook and the rules of each chain. */
const frame = (table: FakeTable, words: (rule: string) => string[]): Record<string, unknown> =>
  Object.fromEntries(
    [...table.chains].map(([name, { hook, rules }]) => {
      // This chain is only reached by packets for the node itself.
      const redundant = name === 'nodeport-endpoints-check' ? 'fib daddr type local ' : '';
      return [name, { hook, rules: rules.flatMap(words).map((rule) => rule.replace(redundant, '')) }];
    }),
  );

test.each(recordings.map((each) => [each.title, each] as const))(
  'treats packets like kube-proxy v1.36.2 %s',
  async (_, recording) => {
    const theirs = parseListing(recording.listing, recording.name);
    await using world = await World.create();
    await world.change(...recording.changes);
    await world.startProxy('--proxy-mode=nftables', `--cluster-cidr=${recording.cidr}`);
    const ours = parseListing(world.exec('nft', '-s', 'list', 'ruleset'), recording.name);

    for (const map of maps) expect(verdictsOf(ours, map), map).toEqual(verdictsOf(theirs, map));
    for (const set of sets) expect(keysOf(ours, set), set).toEqual(keysOf(theirs, set));
    for (const [map, verdict, set] of refusals) {
      const elements = [...(theirs.sets.get(map)?.elements ?? [])];
      const keys = elements.flatMap(([key, text]) => (text.endsWith(` : ${verdict}`) ? [key] : []));
      expect(keysOf(ours, set), set).toEqual(keys.sort());
    }
    const common = Object.entries(frame(theirs, translate)).filter(
      ([name]) => name !== 'reject-chain' && !isOfService(name),
    );
    expect(common).toHaveLength(14);
    expect(frame(ours, (rule) => [rule])).toMatchObject(Object.fromEntries(common));
    const hooked = (table: FakeTable) => [...table.chains].flatMap(([name, { hook }]) => (hook === '' ? [] : [name]));
    expect(hooked(ours).sort()).toEqual(hooked(theirs).sort());

    // The lists above cover the whole recording.
    const compared = new Set([...maps, ...sets, ...refusals.map(([map]) => map)]);
    expect([...theirs.sets.keys()].filter((name) => !compared.has(name) && !isOfService(name))).toEqual([]);
    expect(keysOf(theirs, ...theirs.sets.keys())).toHaveLength(recording.elements);
  },
);
