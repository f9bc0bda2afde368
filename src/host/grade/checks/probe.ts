// Checks by real traffic: http, tcp and lookup, from a pod, a node or a client.
import type { ProbeFailure } from '../../../api/fabric.ts';
import type { HttpCheck, LookupCheck, PlaceRef, TcpCheck } from '../../../api/lab.ts';
import { MissingAll } from '../facts.ts';
import { brief, contains, isMatch } from '../match.ts';
import type { CheckKind, Verdict } from '../verdict.ts';
import type { Located, View } from '../view.ts';

export const httpCheck: CheckKind<HttpCheck> = {
  describe: ({ from, url, status, body }, say) => say.httpExpected(from, url, status, body),
  evaluate(check, view) {
    const url = view.fill(check.url);
    const body = check.body === undefined ? undefined : view.fill(check.body);
    const options = { method: check.method, timeoutMs: check.timeoutMs };
    return atEach(check, view, (place): Verdict => {
      const outcome = view.http(place, url, options);
      if (!outcome.ok) return noAnswer(view, place, url, outcome);
      return {
        holds: outcome.status === check.status && (body === undefined || contains(body, outcome.body)),
        observed: view.say.httpObserved(place.label, url, outcome.status, brief(outcome.body, 80)),
      };
    });
  },
};

export const tcpCheck: CheckKind<TcpCheck> = {
  describe: ({ from, to, banner }, say) => say.tcpExpected(from, to, banner),
  evaluate(check, view) {
    const to = view.fill(check.to);
    return atEach(check, view, (place): Verdict => {
      const outcome = view.tcp(place, to, check.timeoutMs);
      if (!outcome.ok) return noAnswer(view, place, to, outcome);
      return {
        holds: check.banner === undefined || contains(check.banner, outcome.banner),
        observed: view.say.tcpObserved(place.label, to, brief(printable(outcome.banner), 60)),
      };
    });
  },
};

export const lookupCheck: CheckKind<LookupCheck> = {
  describe: ({ from, name, address }, say) => say.lookupExpected(from, name, address),
  evaluate(check, view) {
    const address = view.fill(check.address);
    return atEach(check, view, (place): Verdict => {
      const outcome = view.lookup(place, check.name, check.timeoutMs);
      if (!outcome.ok) return noAnswer(view, place, check.name, outcome);
      return {
        holds: outcome.addresses.some((found) => isMatch(address, found)),
        observed: view.say.lookupObserved(place.label, check.name, outcome.addresses),
      };
    });
  },
};

/** Judges at each place, all probes side by side. The first place at which it isn't as wanted decides; else the last. */
const atEach = (
  { from, not }: { readonly from: PlaceRef; readonly not: boolean },
  view: View,
  judge: (place: Located) => Verdict,
): Verdict => {
  const missing = new MissingAll();
  const verdicts = view.places(from).map((place) => missing.try(() => judge(place)));
  missing.throwIfAny();
  return verdicts.find((verdict) => verdict?.holds === not) ?? (verdicts.at(-1) as Verdict);
};

const noAnswer = (
  { say }: View,
  place: Located,
  target: string,
  { failure, message }: { failure: ProbeFailure; message: string },
): Verdict => ({
  holds: false,
  observed: say.noAnswer(place.label, target, failure, message),
  hint: say.noAnswerHint(failure),
});

const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]+/g, ' ').trim();
