// The iptables check: by what a node's rules say, or by what they do with a packet.
import { type EndpointSlice, serviceNameLabel } from '../../../api/discovery.ts';
import type { IptablesCheck, PacketExpectation } from '../../../api/lab.ts';
import type { Ruleset, TargetKind } from '../../../dataplane/model.ts';
import type { Verdict as Way } from '../../../dataplane/packet.ts';
import { parseRuleset } from '../../../dataplane/parse.ts';
import { renderRule } from '../../../dataplane/render.ts';
import { trace } from '../../../dataplane/trace.ts';
import { Unmet } from '../facts.ts';
import { brief, countWords, inRange, listed } from '../match.ts';
import { parseReference, words } from '../reference.ts';
import type { CheckKind, Verdict } from '../verdict.ts';
import type { Located, View } from '../view.ts';
import { fillSelection, selectionWords, selectRules } from './rules.ts';

export const iptablesCheck: CheckKind<IptablesCheck> = {
  describe: ({ on, rules, count, packet }) => {
    const where = on === 'node/*' ? 'each node' : on.replace('node/', '');
    if (packet) return `on ${where}, ${packetWords(packet)}`;
    return `${where} has ${countWords(count)} rule${count.max === 1 || count.min === 1 ? '' : 's'}: ${rules ? selectionWords(rules) : ''}`;
  },
  evaluate(check, view) {
    const nodes = view.places(check.on);
    const facts = view.facts(nodes, 'iptables', 'links');
    const verdicts = nodes.map((node, index): Verdict => {
      const ruleset = parseRuleset(facts[index]?.iptables ?? '');
      if (check.packet) {
        const addresses = (facts[index]?.links ?? []).flatMap((link) => link.addresses.map(({ address }) => address));
        return judgePacket(check.packet, ruleset, node, addresses, view);
      }
      return judgeRules(check, ruleset, node, view);
    });
    return verdicts.find(({ holds }) => holds === check.not) ?? (verdicts.at(-1) as Verdict);
  },
};

const judgeRules = (check: IptablesCheck, ruleset: Ruleset, node: Located, view: View): Verdict => {
  const selection = fillSelection(check.rules ?? { table: 'nat' }, view);
  const found = selectRules(ruleset, selection);
  const shown = found.slice(0, 3).map((rule) => brief(renderRule(rule), 160));
  const more = found.length > shown.length ? ` and ${found.length - shown.length} more` : '';
  return {
    holds: inRange(found.length, check.count),
    observed:
      found.length === 0
        ? `${node.label} has no such rule`
        : `${node.label} has ${found.length}: ${shown.join('; ')}${more}`,
    hint: `On ${node.label}: iptables-save -t ${selection.table}. Rules come from kube-proxy: does it run there, and has the service endpoints?`,
  };
};

const judgePacket = (
  packet: PacketExpectation,
  ruleset: Ruleset,
  node: Located,
  localAddresses: readonly string[],
  view: View,
): Verdict => {
  const from = sourceOf(packet.from, node, view);
  const to = view.fill(packet.to);
  const lands = packet.lands?.flatMap((end) =>
    end.startsWith('endpoints/') ? endpointsOf(end, view) : [view.fill(end)],
  );
  const ways = trace(ruleset, { from, to, protocol: packet.protocol }, { localAddresses }).filter(
    ({ probability }) => probability > 0,
  );
  const wrong = ways.find((way) => !isAsExpected(way, packet, lands));
  const unreached = (lands ?? []).filter((end) => !ways.some((way) => way.lands === end));
  const start = `on ${node.label}, a packet from ${from} to ${to}`;
  if (!wrong && unreached.length === 0) return { holds: true, observed: `${start} ${ends(ways, to)}` };
  return {
    holds: false,
    observed: wrong
      ? `${start} ${wayWords(wrong, to)}`
      : `${start} never arrives at ${listed(unreached)}: it ${ends(ways, to)}`,
    hint: wrong ? pathHint(wrong, node) : `On ${node.label}: iptables-save -t nat | grep ${to.split(':')[0]}`,
  };
};

const isAsExpected = (
  way: Way,
  { fate, masquerade }: PacketExpectation,
  lands: readonly string[] | undefined,
): boolean =>
  way.fate === fate &&
  (lands === undefined || lands.includes(way.lands)) &&
  (masquerade === undefined || way.masq === masquerade);

const sourceOf = (from: string, node: Located, view: View): string => {
  if (/^[\d.]+(:\d+)?$/.test(from)) return from;
  if (from.includes('${')) return view.fill(from);
  const place = from === 'node/*' ? node : view.place(from);
  const machine = view.machines.find(({ name }) => name === place.machine);
  return place.podIp ?? machine?.address ?? '';
};

/** The ready endpoints of a service, `address:port`, from its slices. */
const endpointsOf = (reference: string, view: View): readonly string[] => {
  const { namespace, name } = parseReference(reference);
  const service = words(reference.replace(/^endpoints/, 'service'));
  if (!view.object(`service/${namespace}/${name}`))
    throw new Unmet(`there is no ${service}`, `Create ${service} first.`);
  const found = view
    .objects<EndpointSlice>('endpointslice')
    .filter(({ metadata }) => metadata.namespace === namespace && metadata.labels?.[serviceNameLabel] === name)
    .flatMap(({ endpoints, ports }) =>
      endpoints
        .filter(({ conditions }) => conditions?.ready !== false)
        .flatMap(({ addresses }) => (ports ?? []).map(({ port }) => `${addresses[0]}:${port}`)),
    );
  if (found.length === 0)
    throw new Unmet(`${service} has no ready endpoints`, 'Does its selector match the labels of pods that are ready?');
  return found;
};

const ends = (ways: readonly Way[], to: string): string => listed([...new Set(ways.map((way) => wayWords(way, to)))]);

const wayWords = ({ fate, lands, masq }: Way, to: string): string => {
  if (fate !== 'accepted') return `is ${fate}`;
  const way = lands === to ? 'keeps its destination, which no rule rewrites' : `goes to ${lands}`;
  return `${way}${masq ? ', its source masqueraded' : ''}`;
};

/** The rule that decided: the last that rewrote the destination or ended the packet's way. */
const pathHint = ({ path }: Way, node: Located): string => {
  const decisive = path.findLast(({ rule }) => rule.target !== undefined && deciding.has(rule.target.kind));
  if (!decisive)
    return `No rule on ${node.label} rewrites the packet: does kube-proxy run there, and has the service endpoints?`;
  return `The rule that decides on ${node.label}: ${brief(renderRule(decisive.rule), 200)}`;
};

const deciding: ReadonlySet<TargetKind> = new Set(['dnat', 'redirect', 'drop', 'reject']);

const packetWords = ({ from, to, lands, fate, masquerade }: PacketExpectation): string => {
  const source =
    from.includes('/') && !from.includes('${') ? (from === 'node/*' ? 'the node itself' : words(from)) : from;
  const end = lands ? `goes to ${listed(lands.map(endWords))}` : `is ${fate}`;
  const masq = masquerade === undefined ? '' : masquerade ? ', its source masqueraded' : ', its source kept';
  return `a packet from ${source} to ${to} ${end}${masq}`;
};

const endWords = (end: string): string =>
  end.startsWith('endpoints/') ? `the endpoints of ${words(end.replace(/^endpoints/, 'service'))}` : end;
