// The iptables check: by what a node's rules say, or by what they do with a packet.
import { type EndpointSlice, serviceNameLabel } from '../../../api/discovery.ts';
import type { IptablesCheck, PacketExpectation } from '../../../api/lab.ts';
import type { Ruleset, TargetKind } from '../../../dataplane/model.ts';
import type { Verdict as Way } from '../../../dataplane/packet.ts';
import { parseRuleset } from '../../../dataplane/parse.ts';
import { renderRule } from '../../../dataplane/render.ts';
import { trace } from '../../../dataplane/trace.ts';
import { Unmet } from '../facts.ts';
import { brief, inRange } from '../match.ts';
import { parseReference, words } from '../reference.ts';
import type { Phrases } from '../say/en.ts';
import type { CheckKind, Verdict } from '../verdict.ts';
import type { Located, View } from '../view.ts';
import { fillSelection, selectRules } from './rules.ts';

export const iptablesCheck: CheckKind<IptablesCheck> = {
  describe: ({ on, rules, count, packet }, say) =>
    packet ? packetExpected(on, packet, say) : say.rulesExpected(on, count, rules ? say.selection(rules) : ''),
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
  const more = found.length > shown.length ? '; …' : '';
  return {
    holds: inRange(found.length, check.count),
    observed: view.say.rulesObserved(node.label, found.length, `${shown.join('; ')}${more}`),
    hint: view.say.rulesHint(node.label, selection.table),
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
  const { say } = view;
  const seen = (end: string): string => say.packetObserved(node.label, from, to, end);
  const all = say.listed([...new Set(ways.map((way) => wayWords(way, to, say)))]);
  if (wrong) return { holds: false, observed: seen(wayWords(wrong, to, say)), hint: pathHint(wrong, node, say) };
  if (unreached.length === 0) return { holds: true, observed: seen(all) };
  return {
    holds: false,
    observed: seen(say.neverArrives(unreached, all)),
    hint: say.onMachine(node.label, `iptables-save -t nat | grep ${to.split(':')[0]}`),
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
  if (!view.object(`service/${namespace}/${name}`)) throw view.noSuch(service);
  const found = view
    .objects<EndpointSlice>('endpointslice')
    .filter(({ metadata }) => metadata.namespace === namespace && metadata.labels?.[serviceNameLabel] === name)
    .flatMap(({ endpoints, ports }) =>
      endpoints
        .filter(({ conditions }) => conditions?.ready !== false)
        .flatMap(({ addresses }) => (ports ?? []).map(({ port }) => `${addresses[0]}:${port}`)),
    );
  if (found.length === 0) throw new Unmet(view.say.noEndpoints(service), view.say.selectorHint());
  return found;
};

const wayWords = ({ fate, lands, masq }: Way, to: string, say: Phrases): string => {
  if (fate !== 'accepted') return say.fate(fate);
  return `${lands === to ? say.keepsDestination() : say.goesTo([lands])}${masq ? say.source(true) : ''}`;
};

/** The rule that decided: the last that rewrote the destination or ended the packet's way. */
const pathHint = ({ path }: Way, node: Located, say: Phrases): string => {
  const decisive = path.findLast(({ rule }) => rule.target !== undefined && deciding.has(rule.target.kind));
  if (!decisive) return say.noRuleMatches(node.label);
  return say.decisiveRule(node.label, brief(renderRule(decisive.rule), 200));
};

const deciding: ReadonlySet<TargetKind> = new Set(['dnat', 'redirect', 'drop', 'reject']);

const packetExpected = (on: string, packet: PacketExpectation, say: Phrases): string => {
  const { from, to, lands, fate, masquerade } = packet;
  const place = from.includes('/') && !from.includes('${');
  const source = from === 'node/*' ? say.nodeItself() : place ? say.where(from) : from;
  const ends = lands?.map((end) =>
    end.startsWith('endpoints/') ? say.endpointsOf(words(end.replace(/^endpoints/, 'service'))) : end,
  );
  const end = ends ? say.goesTo(ends) : say.fate(fate);
  return say.packetExpected(on, source, to, `${end}${masquerade === undefined ? '' : say.source(masquerade)}`);
};
