// The path check: where packets go, by what the rules and routes of all machines do. No packet is sent.
import * as z from 'zod';
import { fabricMachine } from '../../../api/cluster.ts';
import type { Way } from '../../../dataplane/cluster/way.ts';
import { casesOf } from '../../../dataplane/node/conditions.ts';
import { Unmet } from '../facts.ts';
import { english as en, type Phrases } from '../say/en.ts';
import { korean as ko } from '../say/ko.ts';
import type { Verdict } from '../verdict.ts';
import { bounded, type Target } from '../view/paths.ts';
import { isOutsider, type Place } from '../view/places.ts';
import type { View } from '../view/view.ts';
import { hostPort, oneOrMore, place } from './fields.ts';
import { checkKind } from './kind.ts';
import { traceCommand } from './look.ts';
import { type Expectation, english, expectations, korean } from './path-words.ts';
import {
  addressOf,
  destinationAfter,
  destinationBefore,
  endOf,
  machineName,
  percent,
  redirects,
  symptomOfEnd,
} from './ways.ts';

export const pathCheck = checkKind({
  type: 'path',
  summary: 'Packets go where they should, by what the rules and routes of all machines do. No packet is sent.',
  fields: {
    from: oneOrMore(place).meta({
      description: 'The senders of the packets.',
      examples: ['node/*', ['pod/blue', 'client']],
    }),
    to: hostPort,
    protocol: z.enum(['tcp', 'udp']).default('tcp').meta({ description: 'The protocol of the packets.' }),
    expect: oneOrMore(z.enum(expectations))
      .prefault('endpoints')
      .meta({
        description:
          'What becomes of the packets: endpoints (every ready endpoint of the service, nothing else), arrives (as ping ' +
          'shows: also where no program listens), both with the answer’s way back; balanced, masqueraded, sourcePreserved, dropped or rejected.',
        examples: [['endpoints', 'balanced']],
      }),
  },
  words: { en: english, ko: korean },
  mistakes: ({ expect }) => {
    const all = new Set(Array.isArray(expect) ? expect : [expect]);
    const pairs = [
      ['masqueraded', 'sourcePreserved'],
      ['dropped', 'rejected'],
      ...(['dropped', 'rejected'] as const).flatMap((end) =>
        (['endpoints', 'arrives', 'balanced', 'masqueraded', 'sourcePreserved'] as const).map(
          (other) => [end, other] as const,
        ),
      ),
    ];
    return pairs
      .filter(([one, other]) => all.has(one) && all.has(other))
      .map(([one, other]) => ({ field: 'expect', message: `"${one}" and "${other}" exclude each other` }));
  },
  expected: ({ from, to, expect }, say) => {
    const where = say.language === 'ko' ? ko : en;
    return say.pathExpected(where.listed(from.map((each) => where.where(each))), to, expect);
  },
  judge(check, view, say) {
    const target = view.paths.target(check.to, check.protocol);
    const all = check.from.flatMap((from) => view.places.each(from, (each) => each));
    return all.map((from) => judgeFrom({ check, view, say, target, from }));
  },
});

interface Question {
  readonly check: {
    readonly to: string;
    readonly protocol: 'tcp' | 'udp';
    readonly expect: readonly Expectation[];
    readonly partial: boolean;
  };
  readonly view: View;
  readonly say: Phrases & typeof english;
  readonly target: Target;
  readonly from: Place;
}

const judgeFrom = (question: Question): Verdict => {
  const { check, view, say, target, from } = question;
  const ways = view.paths.ways(from, target, check.protocol);
  const unknown = ways.find(({ end }) => end.kind === 'unknown');
  // Also with `not`, what nobody knows is no pass.
  if (unknown) throw new Unmet(describe(question, unknown, ways), say.wholeWay(commandFor(question)));
  const redirected = isOutsider(from, view.machines) ? ways.find(redirects) : undefined;
  if (redirected) return { holds: false, observed: redirection(say, from, redirected) };
  // While a limit holds, packets may go another way than beyond it. Each case is judged alone.
  const verdicts = bounded(() => casesOf(ways)).map((some) => judgeCase(question, some));
  const wrong = verdicts.filter(({ holds }) => !holds);
  const [first] = wrong;
  const [right] = verdicts;
  if (!first) return right ?? { holds: false, observed: '' };
  if (wrong.length === verdicts.length) return { ...first, ...leastShare(wrong) };
  const why = say.dependsOn([...new Set(ways.flatMap(({ conditions }) => conditions.map(({ text }) => text)))]);
  // Also with `not`, what holds only at times is no pass.
  throw new Unmet(`${first.observed} ${why}`, first.hint ?? say.wholeWay(commandFor(question)));
};

const leastShare = (verdicts: readonly Verdict[]): { readonly share?: number } => {
  const shares = verdicts.flatMap(({ share }) => share ?? []);
  return shares.length === 0 ? {} : { share: Math.min(...shares) };
};

/** @param ways that are possible together */
const judgeCase = (question: Question, ways: readonly Way[]): Verdict => {
  const { check } = question;
  for (const expectation of check.expect) {
    const wrong = problemWith[expectation](question, ways);
    if (wrong) return check.partial ? { ...wrong, share: rightShare(question, ways) } : wrong;
  }
  const [way] = ways;
  return { holds: true, observed: way ? describe(question, way, ways) : '' };
};

/** The part of the packets that are as they should be. An endpoint's part of them is due to this endpoint. */
const rightShare = ({ check: { expect }, view, target }: Question, ways: readonly Way[]): number => {
  const right = ways.filter((way) => expect.every((expectation) => fitsEach[expectation]?.(way, target, view) ?? true));
  const all = target.endpoints.length;
  const isSpread = expect.includes('balanced') || (expect.includes('endpoints') && !target.local);
  if (!isSpread || all === 0) return total(right);
  return target.endpoints.reduce((share, one) => share + Math.min(total(right, one), 1 / all), 0);
};

const total = (ways: readonly Way[], to?: string): number =>
  ways.reduce((sum, way) => sum + (to === undefined || addressOf(way) === to ? way.probability : 0), 0);

/** Whether one way is as the expectation says, for those that speak of each packet alone. */
const fitsEach: Readonly<Partial<Record<Expectation, (way: Way, target: Target, view: View) => boolean>>> = {
  endpoints: (way, target, view) => isRightEnd(way, target) && view.paths.answerTo(way).kind === 'returns',
  arrives: (way, target, view) => isArrival(way, target) && view.paths.answerTo(way).kind === 'returns',
  masqueraded: (way) => way.end.kind === 'delivered' && way.headers.source !== sentFrom(way),
  sourcePreserved: (way) => way.end.kind === 'delivered' && way.headers.source === sentFrom(way),
  dropped: ({ end }) => end.kind === 'dropped',
  rejected: ({ end }) => end.kind === 'rejected',
};

const isRightEnd = (way: Way, target: Target): boolean =>
  isArrival(way, target) && way.end.kind === 'delivered' && way.end.listening !== false;

/** Also where no program listens: the kernel there refuses the connection, which is an answer, too. */
const isArrival = (way: Way, { endpoints }: Target): boolean =>
  way.end.kind === 'delivered' && endpoints.includes(addressOf(way));

const redirection = (say: typeof english, from: Place, way: Way): string =>
  say.ownRule(from.label, destinationBefore(way), destinationAfter(way));

type Judge = (question: Question, ways: readonly Way[]) => Verdict | undefined;

/** What is wrong, if the expectation does not hold. */
const problemWith: Readonly<Record<Expectation, Judge>> = {
  endpoints(question, ways) {
    const { target, say, from, check } = question;
    // A program by hand that listens at the address of a service is no endpoint.
    if (target.isUnassigned) return { holds: false, observed: say.noService(check.to) };
    if (target.endpoints.length === 0)
      return { holds: false, observed: say.noEndpoints(check.to), hint: say.selectorHint() };
    const stray = ways.find((way) => !isRightEnd(way, target));
    if (stray) return wrongWay(question, stray, ways);
    const unanswered = wrongAnswer(question, ways);
    if (unanswered) return unanswered;
    if (target.local) return undefined;
    const reached = new Set(ways.map(addressOf));
    const missed = target.endpoints.filter((endpoint) => !reached.has(endpoint));
    if (missed.length === 0) return undefined;
    return {
      holds: false,
      observed: say.never(from.label, missed.join(', ')),
      hint: say.wholeWay(commandFor(question)),
    };
  },
  arrives(question, ways) {
    const stray = ways.find((way) => !isArrival(way, question.target));
    return stray ? wrongWay(question, stray, ways) : wrongAnswer(question, ways);
  },
  balanced(question, ways) {
    const { say, from, target, check } = question;
    // A program by hand that listens at the address is alone, so it would always be balanced.
    if (!target.isService) return { holds: false, observed: say.noService(check.to) };
    const shares = new Map<string, number>();
    for (const way of ways) shares.set(addressOf(way), (shares.get(addressOf(way)) ?? 0) + way.probability);
    const wanted = 1 / shares.size;
    // The shares in rules of iptables have ten digits.
    if ([...shares.values()].every((share) => Math.abs(share - wanted) < 0.001)) return undefined;
    const shown = [...shares].map(([address, share]) => `${percent(share)} ${address}`).join(', ');
    return { holds: false, observed: say.shares(from.label, shown), hint: say.wholeWay(commandFor(question)) };
  },
  masqueraded: (question, ways) => firstWrong(question, ways, 'masqueraded'),
  sourcePreserved: (question, ways) => firstWrong(question, ways, 'sourcePreserved'),
  dropped: (question, ways) => firstWrong(question, ways, 'dropped'),
  rejected: (question, ways) => firstWrong(question, ways, 'rejected'),
};

/** The address that the sender wrote. */
const sentFrom = ({ hops: [first] }: Way): string => {
  const nat = first?.after.source ?? '';
  return first?.before.source || nat;
};

const firstWrong = (question: Question, ways: readonly Way[], expectation: Expectation): Verdict | undefined => {
  const wrong = ways.find((way) => fitsEach[expectation]?.(way, question.target, question.view) === false);
  return wrong && wrongWay(question, wrong, ways);
};

/** The first answer that does not come to the sender. */
const wrongAnswer = (question: Question, ways: readonly Way[]): Verdict | undefined => {
  const { view, say, from } = question;
  for (const way of ways) {
    const answer = view.paths.answerTo(way);
    if (answer.kind === 'returns') continue;
    const which = say.answers(addressOf(way));
    const wholeWay = say.wholeWay(commandFor(question));
    if (answer.kind === 'unknown') {
      const end = { kind: 'unknown', machine: answer.way.end.machine, reasons: answer.reasons } as const;
      throw new Unmet(say.seenEnd(from.label, which, endOf(say, { ...answer.way, end })), wholeWay);
    }
    if (answer.kind === 'strange') {
      const { headers } = answer.way;
      const strange = say.strange(
        `${headers.source}:${headers.sourcePort}`,
        `${answer.wanted.address}:${answer.wanted.port}`,
      );
      return { holds: false, observed: say.seenEnd(from.label, which, strange), hint: wholeWay };
    }
    return lostWay(question, answer.way, which);
  }
  return undefined;
};

const wrongWay = (question: Question, way: Way, ways: readonly Way[]): Verdict =>
  lostWay(question, way, whichOf(question, way, ways));

/** The packet that shows it, and the rule that decided: the cause. */
const lostWay = (question: Question, way: Way, which: string): Verdict => {
  const { say, from } = question;
  const command = commandFor(question);
  const by = way.end.machine === fabricMachine ? undefined : ruleOf(way);
  return {
    holds: false,
    observed: say.seenEnd(from.label, which, endOf(say, way)),
    symptom: say.seenEnd(from.label, which, symptomOfEnd(say, way)),
    hint: by === undefined ? say.wholeWay(command) : say.whereWrong(by, command),
  };
};

const ruleOf = ({ end }: Way): string | undefined => {
  if (end.kind !== 'dropped' && end.kind !== 'rejected') return undefined;
  const { step } = end;
  if (step?.kind === 'rule') return `\`${step.text}\` (${end.machine}, ${step.backend}, ${step.table})`;
  if (step?.kind === 'sysctl') return `\`${step.name} = ${step.value}\` (${end.machine})`;
  return `${end.by} (${machineName(end.machine)})`;
};

const describe = (question: Question, way: Way, ways: readonly Way[]): string =>
  question.say.seenEnd(question.from.label, whichOf(question, way, ways), endOf(question.say, way));

const whichOf = ({ say }: Question, way: Way, ways: readonly Way[]): string =>
  ways.length === 1 ? say.allPackets() : say.share(percent(way.probability));

const commandFor = ({ check: { to, protocol }, from }: Question): string => traceCommand(from, to, protocol);
