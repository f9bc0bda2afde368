// The answer check: the student answers a question. The lab gives the right answer, or the cluster shows it.
import * as z from 'zod';
import { type CheckDefinition, localize } from '../../../api/lab.ts';
import type { Rule } from '../../../dataplane/model.ts';
import { matchOf } from '../../../dataplane/query.ts';
import { didYouMean } from '../../../kit/suggest.ts';
import { askAll, Unmet } from '../facts.ts';
import { type HashedAnswers, hashSchema } from '../hashed.ts';
import { patternOf } from '../match.ts';
import { describeReference, isProgram } from '../reference.ts';
import type { Phrases } from '../say/en.ts';
import { fillDeep } from '../templates.ts';
import { nodeEndOf } from '../veth.ts';
import type { View } from '../view/view.ts';
import { identifier, localized, match, oneOrMore, place, textOrNumber } from './fields.ts';
import { checkKind, type FieldValues } from './kind.ts';
import { lookAt } from './look.ts';
import { type Comparison, compareAnswer, type Form, meaningsIn } from './meaning.ts';
import { rulesOf, selectionEnglish, selectionFields, selectionKorean, selectRules, targetName } from './rules.ts';

const englishForms: Readonly<Record<Form, string>> = {
  endpoint: 'as ADDRESS:PORT, such as 192.0.2.7:80',
  network: 'as NETWORK/BITS, such as 192.0.2.0/24',
  address: 'as an address, such as 192.0.2.7',
  count: 'as a number, such as 3',
  share: 'as a number from 0 to 1, or in per cent',
  text: 'as one name or text',
};

const koreanForms: typeof englishForms = {
  endpoint: '주소:포트 형식, 예: 192.0.2.7:80',
  network: '네트워크/비트 형식, 예: 192.0.2.0/24',
  address: '주소 형식, 예: 192.0.2.7',
  count: '숫자, 예: 3',
  share: '0에서 1 사이의 숫자 또는 백분율',
  text: '이름이나 글 하나',
};

const english = {
  ...selectionEnglish,
  answerExpected: (question: string) => `the right answer to: ${question}`,
  notAnswered: () => 'not answered yet',
  answered: (answer: string) => `answered "${answer}"`,
  lookAgain: (task: number) => `Look again, then: labs answer ${task}`,
  notUnderstood: (answer: string) => `"${answer}" was not understood`,
  writeAs: (forms: string) => `Write one answer on one line: ${forms}.`,
  forms: (forms: readonly Form[]) => forms.map((form) => englishForms[form]).join(' or '),
  noVeth: (pod: string, machine: string) => `${pod} has no veth pair to ${machine}`,
  noGateway: (place: string, to: string) => `${place} has no route to ${to} with a gateway`,
  noRuleYet: (selection: string) => `there is no such rule yet (${selection})`,
  serviceFirst: () => 'Create the service of the rule first.',
  noFlag: (process: string, node: string, flag: string) => `${process} on ${node} runs without ${flag}`,
};

const korean: typeof english = {
  ...selectionKorean,
  answerExpected: (question) => `올바른 답: ${question}`,
  notAnswered: () => '아직 답하지 않음',
  answered: (answer) => `답: "${answer}"`,
  lookAgain: (task) => `다시 확인한 뒤 답하세요: labs answer ${task}`,
  notUnderstood: (answer) => `이해하지 못한 답: "${answer}"`,
  writeAs: (forms) => `답 하나를 한 줄에 쓰세요: ${forms}`,
  forms: (forms) => forms.map((form) => koreanForms[form]).join(' 또는 '),
  noVeth: (pod, machine) => `${pod}에 ${machine} 쪽 veth 쌍이 없음`,
  noGateway: (place, to) => `${place}에 게이트웨이를 거치는 ${to} 경로가 없음`,
  noRuleYet: (selection) => `아직 그런 규칙이 없음 (${selection})`,
  serviceFirst: () => '먼저 그 규칙이 속한 서비스를 만드세요.',
  noFlag: (process, node, flag) => `${node}의 ${process} 명령행에 ${flag} 플래그가 없음`,
};

type Say = Phrases & typeof english;

const ruleField = z
  .enum(['chain', 'target', 'to', 'probability', 'comment'])
  .meta({ description: 'The part of the rule that is the answer.' });

/** Where the right answer comes from. A question has exactly one of these fields. */
const sources = {
  equals: oneOrMore(textOrNumber)
    .exactOptional()
    .meta({ description: 'Any of these answers is right.', examples: ['cni0', [3, 'three']] }),
  matches: match.exactOptional().meta({ description: 'What the answer contains.', examples: ['/timed? ?out/i'] }),
  hash: hashSchema.exactOptional(),
  veth: place
    .exactOptional()
    .meta({ description: 'The name of the node’s end of this pod’s veth pair.', examples: ['pod/blue'] }),
  gateway: z
    .strictObject({
      on: place,
      to: z.string().meta({ description: 'A network, or default.', examples: ['10.244.2.0/24'] }),
    })
    .exactOptional()
    .meta({
      description: 'The next hop of a place for a network.',
      examples: [{ on: 'node/node01', to: '10.244.2.0/24' }],
    }),
  rule: z
    .strictObject({ on: place, field: ruleField, ...selectionFields })
    .exactOptional()
    .meta({
      description: 'A part of the iptables rules that match all other fields.',
      examples: [{ on: 'node/node01', field: 'to', target: 'DNAT', comment: 'default/web' }],
    }),
  flag: z
    .strictObject({
      on: place,
      process: z.string().meta({ description: 'The program.', examples: ['kube-proxy'] }),
      flag: z.string().meta({ description: 'The name of the flag.', examples: ['--proxy-mode'] }),
    })
    .exactOptional()
    .meta({
      description: 'The value of a flag of a running process.',
      examples: [{ on: 'node/node01', process: 'kube-proxy', flag: '--proxy-mode' }],
    }),
  script: z
    .string()
    .exactOptional()
    .meta({ description: 'A script that exports expected(lab), the right answers.', examples: ['answers/longest.ts'] }),
};

const fields = {
  question: localized.meta({ description: 'What the student is asked.', examples: ['Which interface is it?'] }),
  choices: z
    .array(z.strictObject({ id: identifier, text: localized.meta({ description: 'What the student reads.' }) }))
    .default([])
    .meta({
      description: 'A choice instead of free text. The answer is the id of a choice.',
      examples: [
        [
          { id: 'yes', text: 'Yes' },
          { id: 'no', text: 'No' },
        ],
      ],
    }),
  ...sources,
};

type Answer = FieldValues<typeof fields>;
type Rules = NonNullable<Answer['rule']>;

/** A check that asks the student a question. */
export type Question = CheckDefinition & Pick<Answer, 'question' | 'choices'>;

export const isQuestion = (check: CheckDefinition): check is Question => check.type === 'answer';

/** No sentence contains the expected answer: students read reports. */
export const answerCheck = checkKind({
  type: 'answer',
  summary: 'The student answers a question at the terminal.',
  fields,
  words: { en: english, ko: korean },
  // A right answer stays right when what it was about is gone, and the question is for people.
  fillsItself: true,
  mistakes(written) {
    const given = Object.keys(sources).filter((field) => written[field] !== undefined);
    if (given.length !== 1) {
      const names = Object.keys(sources).join(', ');
      const found = given.join(' and ') || 'none';
      return [{ message: `an answer check needs exactly one of the fields ${names}; this one has ${found}` }];
    }
    const { choices, equals } = written;
    const ids = Array.isArray(choices) ? choices.map((choice) => String(choice?.id)) : [];
    if (ids.length === 0 || typeof equals !== 'string' || ids.includes(equals)) return [];
    return [{ field: 'equals', message: `there is no choice "${equals}"${didYouMean(equals, ids)}` }];
  },
  files: ['script'],
  expected: ({ question }, say) => say.answerExpected(localize(question, say.language)),
  judge(check, view, say, { taskId, number, student }) {
    const id = `${taskId}/${check.id}`;
    const answer = student.answers[id];
    if (answer === undefined || answer.trim() === '') throw new Unmet(say.notAnswered(), `labs answer ${number}`);
    const verdict = mayChange(check) && student.verified[id] === answer ? right : compare(check, answer, view, say);
    const chosen = check.choices.find((choice) => choice.id === answer);
    const observed = say.answered(chosen ? localize(chosen.text, say.language) : answer);
    if (verdict.understood) return [{ holds: verdict.right, observed, hint: say.lookAgain(number) }];
    return [
      { holds: false, unclear: true, observed: say.notUnderstood(answer), hint: say.writeAs(say.forms(verdict.forms)) },
    ];
  },
});

/** Whether the right answer comes from the cluster, where a restart may give a pod another veth. */
const mayChange = ({ equals, matches, hash }: Answer): boolean =>
  matches === undefined && hash === undefined && (equals === undefined || equals.some((text) => text.includes('${')));

const right: Comparison = { understood: true, right: true };

const compare = (check: Answer, answer: string, view: View, say: Say): Comparison => {
  if (check.matches !== undefined) {
    const pattern = patternOf(check.matches) ?? new RegExp(check.matches, 'i');
    // A terminal breaks a long line, so a pasted line may come as several lines.
    const readings = [answer, answer.replaceAll('\n', ''), ...answer.split('\n')];
    return { understood: true, right: readings.some((reading) => pattern.test(reading.trim().replace(/^["'`]+/, ''))) };
  }
  if (check.hash) return compareHashed(check.hash, answer, view);
  // `ip link` shows a veth as `veth7a@if2:`.
  const given = check.veth === undefined ? answer : answer.trim().replace(/@if\d+:?$/, '');
  return compareAnswer(given, rightAnswers(check, view, say));
};

/** A digest takes too long for pure code, so it is a fact. */
const compareHashed = ({ salt, forms, digests }: HashedAnswers, answer: string, { facts }: View): Comparison => {
  const given = meaningsIn(answer, forms);
  if (given === undefined) return { understood: false, forms };
  const made = askAll([...given], (text) => facts.one<'digest'>({ kind: 'digest', salt, text }));
  return { understood: true, right: made.some((digest) => digests.includes(digest)) };
};

const sourcesOf = ({ equals, veth, gateway, rule, flag, script }: Answer) => ({
  equals,
  veth,
  gateway,
  rule,
  flag,
  script,
});

const rightAnswers = (check: Answer, view: View, say: Say): readonly string[] => {
  const filled = fillDeep(sourcesOf(check), (text) => view.objects.fill(text)) as ReturnType<typeof sourcesOf>;
  const { equals, veth, gateway, rule, flag, script } = filled;
  if (equals) return equals;
  if (veth) return [vethOf(veth, view, say)];
  if (gateway) return [gatewayOf(gateway, view, say)];
  if (rule) return ruleFields(rule, view, say);
  if (flag) return [flagOf(flag, view, say)];
  return view.facts.one<'expected'>({ kind: 'expected', file: script ?? '' });
};

/** The veth on the node whose peer is the pod's eth0. */
const vethOf = (pod: string, { facts, places }: View, say: Say): string => {
  const place = places.one(pod);
  const [inside, outside] = askAll([place, { machine: place.machine }], (spot) => facts.at(spot, 'links'));
  const veth = nodeEndOf(inside?.links ?? [], outside?.links ?? []);
  if (!veth) throw new Unmet(say.noVeth(describeReference(pod, say), place.machine));
  return veth.name;
};

const gatewayOf = ({ on, to }: NonNullable<Answer['gateway']>, { facts, places }: View, say: Say): string => {
  const node = places.one(on);
  const route = facts.at(node, 'routes').routes?.find(({ destination }) => destination === to);
  if (!route?.gateway) throw new Unmet(say.noGateway(node.label, to), lookAt(node, 'ip route', say));
  return route.gateway;
};

const ruleFields = ({ on, field, ...selection }: Rules, view: View, say: Say): readonly string[] => {
  const found = view.places
    .each(on, (node) => selectRules(rulesOf(node, view, say), selection))
    .flat()
    .map((rule) => fieldOf(rule, field))
    .filter((value) => value !== '');
  if (found.length === 0) throw new Unmet(say.noRuleYet(say.selection(selection)), say.serviceFirst());
  return [...new Set(found)];
};

const fieldOf = (rule: Rule, field: Rules['field']): string => {
  switch (field) {
    case 'chain':
      return rule.chain;
    case 'comment':
      return rule.comment ?? '';
    case 'target':
      return targetName(rule.target);
    case 'to':
      return rule.target?.kind === 'dnat' ? rule.target.to : '';
    case 'probability': {
      const statistic = matchOf(rule, 'statistic');
      return statistic?.mode === 'random' ? String(statistic.probability) : '';
    }
  }
};

/** The value of a flag in the command line, written as `--flag=value` or `--flag value`. */
const flagOf = ({ on, process, flag }: NonNullable<Answer['flag']>, { facts, places }: View, say: Say): string => {
  const node = places.one(on);
  const running = facts.at(node, 'processes').processes?.find((candidate) => isProgram(process, candidate));
  if (!running) throw new Unmet(say.notRunning(process, node.label), say.systemctl(node.label, process));
  const argv = running.arguments;
  const index = argv.findIndex((word) => word === flag || word.startsWith(`${flag}=`));
  const value = argv[index]?.includes('=') ? argv[index]?.slice(flag.length + 1) : argv[index + 1];
  if (index < 0 || value === undefined) throw new Unmet(say.noFlag(process, node.label, flag));
  return value;
};
