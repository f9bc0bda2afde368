// Checks of a place's interfaces and routes.
import type { LinkFact, RouteFact } from '../../../api/fabric.ts';
import type { LinkCheck, RouteCheck } from '../../../api/lab.ts';
import { inRange, isMatch } from '../match.ts';
import type { CheckKind, Verdict } from '../verdict.ts';

export const linkCheck: CheckKind<LinkCheck> = {
  describe: (check, say) => say.linkExpected(check.on, check.count, check),
  evaluate(check, view) {
    const places = view.places(check.on);
    const facts = view.facts(places, check.everywhere ? 'namespaces' : 'links');
    const wanted = {
      ...check,
      ...(check.name === undefined ? {} : { name: view.fill(check.name) }),
      ...(check.address === undefined ? {} : { address: view.fill(check.address) }),
    };
    const verdicts = places.map((place, index): Verdict => {
      const { links, namespaces } = facts[index] ?? {};
      const all = check.everywhere ? (namespaces ?? []).flatMap((namespace) => namespace.links) : (links ?? []);
      const found = all.filter((link) => isMeant(link, wanted));
      return {
        holds: inRange(found.length, check.count),
        observed: view.say.linkObserved(place.label, found.map(linkWords), all.length),
        hint: view.say.onMachine(place.machine, 'ip -details link; ip address'),
      };
    });
    return verdicts.find(({ holds }) => holds === check.not) ?? (verdicts.at(-1) as Verdict);
  },
};

const isMeant = (link: LinkFact, { name, kind, address, master, up }: LinkCheck): boolean =>
  [
    name === undefined || isMatch(name, link.name),
    kind === undefined || link.kind === kind,
    address === undefined ||
      link.addresses.some((found) => found.address === address || `${found.address}/${found.prefix}` === address),
    master === undefined || isMatch(master, link.master ?? ''),
    up === undefined || link.up === up,
  ].every(Boolean);

const linkWords = ({ name, kind, addresses }: LinkFact): string =>
  [name, kind && `(${kind})`, ...addresses.filter(({ family }) => family === 'inet').map(({ address }) => address)]
    .filter(Boolean)
    .join(' ');

export const routeCheck: CheckKind<RouteCheck> = {
  describe: ({ on, to, via, device }, say) => say.routeExpected(on, to, via, device),
  evaluate(check, view) {
    const places = view.places(check.on);
    const facts = view.facts(places, 'routes');
    const to = view.fill(check.to);
    const via = check.via === undefined ? undefined : view.fill(check.via);
    const verdicts = places.map((place, index): Verdict => {
      const toIt = (facts[index]?.routes ?? []).filter(({ destination }) => destination === to);
      const meant = toIt.find(
        (route) =>
          (via === undefined || route.gateway === via) &&
          (check.device === undefined || isMatch(check.device, route.device ?? '')),
      );
      return {
        holds: meant !== undefined,
        observed:
          toIt.length === 0 ? view.say.noRoute(place.label, to) : `${place.label}: ${toIt.map(routeWords).join('; ')}`,
        hint: view.say.onMachine(place.machine, 'ip route'),
      };
    });
    return verdicts.find(({ holds }) => holds === check.not) ?? (verdicts.at(-1) as Verdict);
  },
};

export const routeWords = ({ destination, gateway, device, type }: RouteFact): string =>
  [type === 'unicast' ? '' : type, destination, gateway && `via ${gateway}`, device && `dev ${device}`]
    .filter(Boolean)
    .join(' ');
