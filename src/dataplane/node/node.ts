// The model of one network namespace: the texts of the tools → NodeModel. See README.md.
import { canonicalIp } from '../../api/ip.ts';
import type { Chain, Ruleset } from '../model.ts';
import { natives } from '../nft/tables.ts';
import { parseRuleset } from '../parse.ts';
import { firstAddress, selectAddress, selectAddress6 } from './address-choice.ts';
import { fibType6, hasTypes6 } from './address-type6.ts';
import type { BaseChain, RuleChain } from './chain.ts';
import { FlowTable, parseFlows } from './conntrack.ts';
import type { RuleFacts } from './facts.ts';
import { arpGaps, bpfGaps, type Gap, hopGaps, linkGaps, neighbourGaps, queueGaps } from './gaps.ts';
import { type Hooks, hooksOf } from './hooks.ts';
import { IpSets } from './ipset.ts';
import { baseChainsOf } from './iptables.ts';
import { balance, parseIpvs, serviceFor, type VirtualService } from './ipvs.ts';
import { type FdbEntry, type Neighbour, type NodeLink, parseFdb, parseLinks, parseNeighbours } from './links.ts';
import { lookup } from './lookup.ts';
import type { Family } from './packet.ts';
import { parseRouting, type Routing } from './routes.ts';
import { type RoutingPlace, reroute, routeOut, typeOf } from './routing.ts';
import type { PacketState } from './state.ts';
import { Sysctls } from './sysctls.ts';
import type { Listener, NodeTexts } from './texts.ts';
import { parseXfrm, type XfrmPolicy } from './xfrm.ts';

/** A namespace, ready to be asked. Made once, asked for many packets. */
export interface NodeModel extends RoutingPlace {
  readonly links: readonly NodeLink[];
  readonly routing: Readonly<Record<Family, Routing>>;
  readonly neighbours: readonly Neighbour[];
  readonly fdb: readonly FdbEntry[];
  readonly sysctls: Sysctls;
  readonly hooks: Readonly<Record<Family, Hooks>>;
  readonly listeners: readonly Listener[] | undefined;
  readonly virtualServices: readonly VirtualService[];
  readonly xfrm: readonly XfrmPolicy[];
  /** What the texts hold that the model cannot take into account, for each packet that may meet it. */
  readonly gaps: readonly Gap[];
}

/** @throws RulesetError or SyntaxError if a text is not what the tool prints */
export const readNode = (texts: NodeTexts): NodeModel => {
  const place = placeOf(texts);
  return nodeOf(texts, { place, facts: factsOf(place, texts), compiled: new WeakMap() }, parseRuleset);
};

/** What rules are compiled against. */
export interface Ground {
  readonly place: RoutingPlace;
  readonly facts: RuleFacts;
  readonly compiled: WeakMap<Chain, RuleChain>;
}

export const placeOf = (texts: NodeTexts): RoutingPlace => ({
  links: parseLinks(texts.addresses),
  routing: {
    ip: parseRouting('ip', texts.routes, texts.rules),
    ip6: parseRouting('ip6', texts.routes6 ?? texts.routes, texts.rules6),
  },
  sysctls: new Sysctls(texts.sysctls ?? ''),
});

type RulesText = 'iptables' | 'iptablesLegacy' | 'ip6tables' | 'ip6tablesLegacy';

/** @param parse reads one of the texts of iptables-save */
export const nodeOf = (
  texts: NodeTexts,
  { place, facts, compiled }: Ground,
  parse: (text: string, name: RulesText) => Ruleset,
): NodeModel => {
  const virtualServices = parseIpvs(texts.ipvs ?? '');
  const flows = new FlowTable(parseFlows(texts.conntrack ?? ''));
  const native = natives(texts.nft ?? '', texts, facts);
  const chainsIn = (name: RulesText, backend: 'iptables-nft' | 'iptables-legacy', family: Family): BaseChain[] => {
    const text = texts[name];
    return text ? baseChainsOf(parse(text, name), family, backend, facts, compiled) : [];
  };
  const hooks = (family: Family): Hooks => {
    const chains = [
      ...chainsIn(family === 'ip' ? 'iptables' : 'ip6tables', 'iptables-nft', family),
      ...chainsIn(family === 'ip' ? 'iptablesLegacy' : 'ip6tablesLegacy', 'iptables-legacy', family),
      ...native.chains.filter(({ table }) => table.family === family || table.family === 'inet'),
    ];
    return hooksOf(chains, {
      flows,
      reroute: (packet) => reroute(packet, place),
      virtual: (packet) => virtual(packet, virtualServices, place),
    });
  };
  return {
    ...place,
    neighbours: parseNeighbours(texts.neighbours ?? ''),
    fdb: parseFdb(texts.fdb ?? ''),
    hooks: { ip: hooks('ip'), ip6: hooks('ip6') },
    listeners: texts.listeners,
    virtualServices,
    xfrm: parseXfrm(texts.xfrm ?? ''),
    gaps: [
      ...native.gaps,
      ...linkGaps(texts.addresses),
      ...queueGaps(texts.queues ?? ''),
      ...arpGaps(texts.arpTables ?? ''),
      ...bpfGaps(texts.bpf ?? ''),
      ...neighbourGaps({ addresses: texts.addresses, fdb: texts.fdb ?? '', sysctls: texts.sysctls ?? '' }),
      ...hopGaps(texts.sysctls ?? ''),
    ],
  };
};

export const factsOf = (place: RoutingPlace, texts: NodeTexts): RuleFacts => {
  const lists = new Map(
    Object.entries(texts.recent ?? {}).map(([name, text]) => [
      name,
      new Set([...text.matchAll(/^src=(\S+)/gm)].map(([, address = '']) => canonicalIp(address))),
    ]),
  );
  const { links, routing } = place;
  const linkOf = (name: string): NodeLink | undefined => links.find((link) => link.name === name);
  return {
    addressType: (address, link) => typeOf(place, address, link),
    fibType6: (question) => fibType6(place, question),
    hasTypes6: (types, question) => hasTypes6(place, types, question),
    sets: texts.ipset === undefined ? undefined : new IpSets(texts.ipset),
    recent: (list) => (texts.recent === undefined ? undefined : (lists.get(list) ?? new Set())),
    routeTo: (packet, address, { mark, iif }) => {
      const found = lookup(routing[packet.family], {
        ...packet,
        oif: undefined,
        destination: address,
        source: address === packet.source ? packet.destination : packet.source,
        mark: mark ? packet.mark : 0,
        iif: iif ?? 'lo',
      });
      if (found.kind === 'unknown') return new Error(found.reason);
      if (found.kind === 'none') return undefined;
      return {
        link: found.route.hops[0]?.link ?? '',
        type: found.route.type,
        links: found.route.hops.map(({ link }) => link),
      };
    },
    linkIndex: (name) => linkOf(name)?.index,
    linkKind: (name) => linkOf(name)?.kind ?? '',
    firstAddress: (link, family) => firstAddress(links, link, family),
    masqueradeAddress: (packet) => {
      const { route } = packet;
      if (!route) return { unknown: 'the packet has no route' };
      if (packet.family === 'ip6') {
        const chosen = selectAddress6(links, route.link, packet.destination);
        return chosen instanceof Error ? { unknown: chosen.message } : { address: chosen };
      }
      const address = selectAddress(links, route.link, route.gateway ?? packet.destination, 0);
      return address === undefined ? { none: `MASQUERADE: ${route.link} has no address` } : { address };
    },
  };
};

/** At the hook `input`: a packet to a virtual service leaves for a server. */
const virtual = (packet: PacketState, services: readonly VirtualService[], place: RoutingPlace): PacketState[] => {
  const service = serviceFor(services, packet);
  if (!service) return [packet];
  const keeps = place.sysctls.number('net.ipv4.vs.conntrack') !== 0;
  return balance(service, packet, keeps).flatMap((each) => (each.end ? [each] : routeOut(each, place)));
};
