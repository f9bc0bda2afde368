// What may decide about a packet without being modelled. A packet that meets it ends as `unknown`.
import { json } from './json.ts';
import type { HookName } from './packet.ts';
import type { PacketState } from './state.ts';

/** Why a packet may meet what the model does not follow: where, and what. */
export interface Gap {
  /** `bridge NAME`: the hooks of a bridge, whose chains belong to no link. */
  readonly hook: 'ingress' | 'egress' | `bridge ${HookName}`;
  /** The link by which the packets arrive or leave; absent: any, because not every nft says it in JSON. */
  readonly link: string | undefined;
  readonly reason: string;
}

interface Gapped {
  readonly gaps: readonly Gap[];
}

/** Where a packet passes, of the places that may have gaps. */
export type Passed =
  | { readonly hook: 'ingress' | 'egress'; readonly link: string | undefined }
  | { readonly hook: Exclude<Gap['hook'], 'ingress' | 'egress'> };

/** Why nobody knows what becomes of a packet that passes these places. */
export const gapsAt = ({ gaps }: Gapped, passed: readonly Passed[]): readonly string[] =>
  gaps
    .filter(({ hook, link }) =>
      passed.some(
        (place) =>
          place.hook === hook &&
          (!('link' in place) || (place.link !== undefined && (link === undefined || link === place.link))),
      ),
    )
    .map(({ reason }) => reason);

export const doubt = (packet: PacketState, node: Gapped, passed: readonly Passed[]): PacketState => {
  const reasons = gapsAt(node, passed);
  return reasons.length === 0 ? packet : { ...packet, unsure: [...new Set([...packet.unsure, ...reasons])] };
};

/** Queues that lose nothing but what a full queue has no room for. */
const plainQueues: ReadonlySet<string> = new Set(['noqueue', 'pfifo_fast', 'fq_codel', 'fq', 'mq']);
/** Options of netem that lose and change nothing. */
const delays: ReadonlySet<string> = new Set(['limit', 'delay', 'seed', 'ecn', 'gap', 'rate', 'slot']);

/** @param text `tc -json qdisc show` */
export const queueGaps = (text: string): Gap[] =>
  json.list(text).flatMap((entry): Gap[] => {
    const [kind, link] = [json.text(entry.kind), json.text(entry.dev)];
    if (kind === 'ingress' || kind === 'clsact') {
      const reason = `the filters of tc at ${link} (${kind}) are not modelled`;
      return (['ingress', 'egress'] as const)
        .filter((hook) => kind === 'clsact' || hook === 'ingress')
        .map((hook) => ({ hook, link, reason }));
    }
    const onlyDelays = kind === 'netem' && Object.keys(json.object(entry.options)).every((key) => delays.has(key));
    if (plainQueues.has(kind) || onlyDelays) return [];
    return [{ hook: 'egress', link, reason: `the queue of ${link} (tc qdisc ${kind}) is not modelled` }];
  });

/** @param text `ip -details -json address` */
export const linkGaps = (text: string): Gap[] =>
  json.list(text).flatMap((entry): Gap[] => {
    const link = json.text(entry.ifname);
    const xdp: Gap = { hook: 'ingress', link, reason: `the XDP program of ${link} is not modelled` };
    const filters = json.object(json.object(entry.linkinfo).info_data).vlan_filtering;
    const reason = `the VLANs of the bridge ${link} are not modelled`;
    return [
      ...(entry.xdp === undefined ? [] : [xdp]),
      ...(filters === 1 || filters === true
        ? bridgeHooks.map((hook): Gap => ({ hook: `bridge ${hook}`, link: undefined, reason }))
        : []),
    ];
  });

/** @param text lines `tcx/ingress LINK`, `netkit/peer LINK` and `netfilter` */
export const bpfGaps = (text: string): Gap[] =>
  text
    .split('\n')
    .filter(Boolean)
    .flatMap((line): Gap[] => {
      const [, place = line, at] = /^(\S+) (.*)$/.exec(line) ?? [];
      // A program of netkit decides about both directions. That of netfilter may be at any hook.
      const hooks = (['ingress', 'egress'] as const).filter(
        (hook) => !place.startsWith('tcx/') || place.endsWith(hook),
      );
      const reason =
        at === undefined
          ? 'the BPF program at a hook of netfilter is not modelled'
          : `the BPF program of ${at} (${place}) is not modelled`;
      return hooks.map((hook) => ({ hook, link: at, reason }));
    });

/** Links that ask and answer by ARP, unless somebody has switched it off. Others, such as tunnels, never do. */
const askingKinds: ReadonlySet<string> = new Set(['bridge', 'veth', 'macvlan', 'ipvlan', 'vlan']);

/** Links that no longer find their neighbours, and bridges that no longer know their own address. */
export const neighbourGaps = ({
  addresses,
  fdb,
  sysctls,
}: {
  readonly addresses: string;
  readonly fdb: string;
  readonly sysctls: string;
}): Gap[] => {
  const both = (link: string, reason: string): Gap[] =>
    (['ingress', 'egress'] as const).map((hook) => ({ hook, link, reason }));
  const entries = json.list(addresses);
  const known = json.list(fdb);
  const links = entries.flatMap((entry): Gap[] => {
    const [link, kind] = [json.text(entry.ifname), json.text(json.object(entry.linkinfo).info_kind)];
    const isSilent = askingKinds.has(kind) && json.array(entry.flags).includes('NOARP');
    const knowsItself = known.some(
      ({ mac, ifname, master }) => mac === entry.address && (ifname === link || master === link),
    );
    // A bridge that takes all frames needs no entry. Without a port, no frame arrives.
    const isLost =
      kind === 'bridge' &&
      known.length > 0 &&
      !knowsItself &&
      entry.promiscuity === 0 &&
      entries.some(({ master }) => master === link);
    return [
      ...(isSilent ? both(link, `ARP is off at ${link}, and what its neighbours still know is not modelled`) : []),
      ...(isLost ? both(link, `the bridge ${link} has no entry for its own address in its forwarding database`) : []),
    ];
  });
  const asked = [...sysctls.matchAll(/^net\.ipv[46]\.neigh\.(\S+)\.((?:mcast|ucast)_solicit) = 0$/gm)];
  return [
    ...links,
    ...asked.flatMap(([name, link = '']) => both(link, `${name}, and what its neighbours still know is not modelled`)),
  ];
};

/** Fewer hops than any way through a lab may need. */
export const fewHops = 32;

/** Packets of the machine itself begin with this number of hops. */
export const hopGaps = (sysctls: string): Gap[] => {
  const [, hops] = /^net\.ipv4\.ip_default_ttl = (\d+)$/m.exec(sysctls) ?? [];
  if (hops === undefined || Number(hops) >= fewHops) return [];
  return [{ hook: 'egress', link: undefined, reason: `net.ipv4.ip_default_ttl = ${hops} is not modelled` }];
};

/** @param text /proc/net/arp_tables_names: a table is there as soon as arptables-legacy was asked for it */
export const arpGaps = (text: string): Gap[] => {
  const tables = text.split('\n').filter(Boolean);
  if (tables.length === 0) return [];
  const reason = `the rules of arptables-legacy (${tables.join(', ')}) are not modelled`;
  // Without ARP, nobody finds the receiver of a packet.
  return (['ingress', 'egress'] as const).map((hook) => ({ hook, link: undefined, reason }));
};

const bridgeHooks: readonly HookName[] = ['prerouting', 'input', 'forward', 'output', 'postrouting'];
