// The answer check: what the learner answered, against what is written down or what the running cluster shows.
import { type AnswerCheck, type AnswerExpectation, localize, type RuleSelection } from '../../../api/lab.ts';
import type { Rule } from '../../../dataplane/model.ts';
import { parseRuleset } from '../../../dataplane/parse.ts';
import { matchOf } from '../../../dataplane/query.ts';
import { Unmet } from '../facts.ts';
import { patternOf } from '../match.ts';
import { isProgram, words } from '../reference.ts';
import type { CheckKind } from '../verdict.ts';
import type { View } from '../view.ts';
import { fillSelection, selectRules, targetName } from './rules.ts';

/** The expected answer stays unsaid: whoever reads a report must not be able to copy it. */
export const answerCheck: CheckKind<AnswerCheck> = {
  describe: ({ question }, say, language) => say.answerExpected(localize(question, language)),
  evaluate(check, view, { task, student }) {
    const id = `${task.id}/${check.id}`;
    const answer = student.answers[id];
    if (answer === undefined || answer.trim() === '') throw new Unmet(view.say.notAnswered(), `labs answer ${task.id}`);
    const right = student.verified[id] === answer || isRight(check.expect, answer, view);
    return { holds: right, observed: view.say.answered(answer), hint: view.say.lookAgain(task.id) };
  },
};

const isRight = (expect: AnswerExpectation, answer: string, view: View): boolean => {
  if (expect.kind === 'matches')
    return (patternOf(expect.pattern) ?? new RegExp(expect.pattern, 'i')).test(answer.trim());
  const given = expect.kind === 'veth' ? normalise(answer).replace(/@if\d+:?$/, '') : normalise(answer);
  return expectedAnswers(expect, view).some((value) => normalise(value) === given);
};

/** Letter case, blanks, quotes and a full stop at the end don't count. */
const normalise = (text: string): string =>
  text
    .trim()
    .replace(/^["'`]+|["'`.]+$/g, '')
    .replace(/\s+/g, ' ')
    .toLowerCase();

const expectedAnswers = (expect: Exclude<AnswerExpectation, { kind: 'matches' }>, view: View): readonly string[] => {
  switch (expect.kind) {
    case 'equals':
      return expect.values.map((value) => view.fill(value));
    case 'veth':
      return [vethOf(expect.pod, view)];
    case 'gateway':
      return [gatewayOf(expect.on, view.fill(expect.to), view)];
    case 'rule':
      return ruleFields(expect, view);
    case 'flag':
      return [flagOf(expect, view)];
    case 'script':
      return view.one<'expected'>({ kind: 'expected', file: expect.file });
  }
};

/** The node's end of the pair whose other end is the pod's eth0. */
const vethOf = (pod: string, view: View): string => {
  const place = view.place(pod);
  const [inside, outside] = view.facts([place, { machine: place.machine }], 'links');
  const peer = inside?.links?.find(({ name }) => name === 'eth0')?.peerIndex;
  const veth = outside?.links?.find(({ ifindex, kind }) => kind === 'veth' && ifindex === peer);
  if (!veth) throw new Unmet(view.say.noVeth(words(pod), place.machine));
  return veth.name;
};

const gatewayOf = (on: string, to: string, view: View): string => {
  const node = view.place(on);
  const [facts] = view.facts([node], 'routes');
  const route = facts?.routes?.find(({ destination }) => destination === to);
  if (!route?.gateway) throw new Unmet(view.say.noGateway(node.label, to), view.say.onMachine(node.label, 'ip route'));
  return route.gateway;
};

const ruleFields = (
  { on, rules, field }: { on: string; rules: RuleSelection; field: RuleField },
  view: View,
): readonly string[] => {
  const nodes = view.places(on);
  const selection = fillSelection(rules, view);
  const found = view
    .facts(nodes, 'iptables')
    .flatMap(({ iptables }) => selectRules(parseRuleset(iptables ?? ''), selection))
    .map((rule) => fieldOf(rule, field))
    .filter((value) => value !== '');
  if (found.length === 0) throw new Unmet(view.say.noRuleYet(view.say.selection(selection)), view.say.serviceFirst());
  return [...new Set(found)];
};

type RuleField = Extract<AnswerExpectation, { kind: 'rule' }>['field'];

const fieldOf = (rule: Rule, field: RuleField): string => {
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

const flagOf = ({ on, process, flag }: { on: string; process: string; flag: string }, view: View): string => {
  const node = view.place(on);
  const [facts] = view.facts([node], 'processes');
  const running = facts?.processes?.find((candidate) => isProgram(process, candidate));
  if (!running) throw new Unmet(view.say.runsNot(process, node.label), view.say.systemctl(node.label, process));
  const argv = running.arguments;
  const index = argv.findIndex((word) => word === flag || word.startsWith(`${flag}=`));
  const value = argv[index]?.includes('=') ? argv[index]?.slice(flag.length + 1) : argv[index + 1];
  if (index < 0 || value === undefined) throw new Unmet(view.say.noFlag(process, node.label, flag));
  return value;
};
