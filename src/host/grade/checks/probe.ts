// Checks by real traffic: http, tcp and lookup, from a pod, a node or a client.
import type { ProbeFailure } from '../../../api/fabric.ts';
import type { HttpCheck, LookupCheck, TcpCheck } from '../../../api/lab.ts';
import { MissingAll } from '../facts.ts';
import { brief, contains, inWords, isMatch, listed } from '../match.ts';
import { words } from '../reference.ts';
import type { CheckKind, Verdict } from '../verdict.ts';
import type { Located } from '../view.ts';

export const httpCheck: CheckKind<HttpCheck> = {
  describe: ({ from, url, status, body }) =>
    `${where(from)} gets ${status} from ${url}${body === undefined ? '' : `, with ${inWords(body)} in the answer`}`,
  evaluate(check, view) {
    const url = view.fill(check.url);
    const body = check.body === undefined ? undefined : view.fill(check.body);
    const places = view.places(check.from);
    const outcomes = atEach(places, (place) =>
      view.http(place, url, { method: check.method, timeoutMs: check.timeoutMs }),
    );
    return first(
      places.map((place, index): Verdict => {
        const outcome = outcomes[index] as ReturnType<typeof view.http>;
        if (!outcome.ok) return noAnswer(place, url, outcome);
        const said = `${place.label} got ${outcome.status} from ${url}: ${brief(outcome.body, 80) || '(empty)'}`;
        return {
          holds: outcome.status === check.status && (body === undefined || contains(body, outcome.body)),
          observed: said,
        };
      }),
    );
  },
};

export const tcpCheck: CheckKind<TcpCheck> = {
  describe: ({ from, to, banner }) =>
    `${where(from)} can connect to ${to}${banner === undefined ? '' : ` and is greeted with ${inWords(banner)}`}`,
  evaluate(check, view) {
    const to = view.fill(check.to);
    const places = view.places(check.from);
    const outcomes = atEach(places, (place) => view.tcp(place, to, check.timeoutMs));
    return first(
      places.map((place, index): Verdict => {
        const outcome = outcomes[index] as ReturnType<typeof view.tcp>;
        if (!outcome.ok) return noAnswer(place, to, outcome);
        const greeting = outcome.banner === '' ? '' : `, greeted with ${brief(printable(outcome.banner), 60)}`;
        return {
          holds: check.banner === undefined || contains(check.banner, outcome.banner),
          observed: `${place.label} connected to ${to}${greeting}`,
        };
      }),
    );
  },
};

export const lookupCheck: CheckKind<LookupCheck> = {
  describe: ({ from, name, address }) => `${where(from)} resolves ${name} to ${address}`,
  evaluate(check, view) {
    const address = view.fill(check.address);
    const places = view.places(check.from);
    const outcomes = atEach(places, (place) => view.lookup(place, check.name, check.timeoutMs));
    return first(
      places.map((place, index): Verdict => {
        const outcome = outcomes[index] as ReturnType<typeof view.lookup>;
        if (!outcome.ok) return noAnswer(place, check.name, outcome);
        return {
          holds: outcome.addresses.some((found) => isMatch(address, found)),
          observed: `${place.label} resolves ${check.name} to ${listed(outcome.addresses)}`,
        };
      }),
    );
  },
};

/** Asks at each place, so that all probes run side by side. */
const atEach = <T>(places: readonly Located[], probe: (place: Located) => T): readonly T[] => {
  const missing = new MissingAll();
  const results = places.map((place) => missing.try(() => probe(place)));
  missing.throwIfAny();
  return results as readonly T[];
};

/** The first place at which it doesn't hold decides; else the last. */
const first = (verdicts: readonly Verdict[]): Verdict =>
  verdicts.find(({ holds }) => !holds) ?? (verdicts.at(-1) as Verdict);

const where = (reference: string): string =>
  reference === 'node/*'
    ? 'every node'
    : reference.startsWith('pod/')
      ? words(reference)
      : (reference.split('/').at(-1) ?? '');

const noAnswer = (
  place: Located,
  target: string,
  { failure, message }: { failure: ProbeFailure; message: string },
): Verdict => ({
  holds: false,
  observed: `${place.label} → ${target}: ${failureWords[failure](message)}`,
  hint: failureHints[failure],
});

const failureWords: Readonly<Record<ProbeFailure, (message: string) => string>> = {
  unresolved: (message) => message,
  unreachable: () => 'no route to it (unreachable)',
  refused: () => 'connection refused: something answers at that address, and nothing listens on the port',
  timeout: () => 'no answer in time: the packets get lost on the way',
  reset: () => 'the connection was reset',
  protocol: (message) => `something answered, and not in the expected protocol: ${message}`,
};

const failureHints: Readonly<Record<ProbeFailure, string>> = {
  unresolved: 'Is there a service of that name in that namespace? kubectl get services -A',
  unreachable:
    'Look at the routes (`ip route`) where it comes from, and at REJECT rules: a service without endpoints is rejected.',
  refused:
    'Does targetPort match the port on which the pod listens? A service without endpoints is refused, too: kubectl get endpointslices',
  timeout:
    'Follow the packet: does a rule on this node change its destination (iptables-save -t nat), and to an address that exists?',
  reset: 'Look at the log of the pod: kubectl logs',
  protocol: 'Is it the right port, and the right pod?',
};

const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]+/g, ' ').trim();
