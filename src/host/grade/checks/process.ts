// The process check: a program runs on a node, with these arguments, and listens there.
import type { Facts, ListenerFact, ProcessFact } from '../../../api/fabric.ts';
import type { ProcessCheck } from '../../../api/lab.ts';
import { brief, contains, inWords } from '../match.ts';
import { commandLine, isProgram } from '../reference.ts';
import type { Phrases } from '../say/en.ts';
import type { CheckKind, Verdict } from '../verdict.ts';
import type { Located } from '../view.ts';

export const processCheck: CheckKind<ProcessCheck> = {
  describe: ({ on, name, arguments: wanted, listening }, say) =>
    say.and([
      ...(name === undefined ? [] : [say.runsExpected(on, name, wanted.map(inWords))]),
      ...(listening === undefined ? [] : [say.listensExpected(on, listening)]),
    ]),
  evaluate(check, view) {
    const nodes = view.places(check.on);
    const facts = view.facts(nodes, 'processes', 'listeners');
    const verdicts = nodes.map((node, index) => judge(check, node, facts[index] ?? {}, view.say));
    return verdicts.find(({ holds }) => holds === check.not) ?? (verdicts.at(-1) as Verdict);
  },
};

const judge = (
  check: ProcessCheck,
  node: Located,
  { processes = [], listeners = [] }: Facts,
  say: Phrases,
): Verdict => {
  if (check.name !== undefined) {
    const verdict = judgeProcess({ ...check, name: check.name }, node, processes, say);
    if (!verdict.holds || check.listening === undefined) return verdict;
  }
  const wanted = check.listening ?? '';
  const listens = listeners.some((listener) => listensOn(listener, wanted));
  return {
    holds: listens,
    observed: say.listens(wanted, node.label, listens),
    hint: say.onMachine(node.label, 'ss -lntup'),
  };
};

const judgeProcess = (
  { name, unit, arguments: wanted }: ProcessCheck & { readonly name: string },
  node: Located,
  processes: readonly ProcessFact[],
  say: Phrases,
): Verdict => {
  const running = processes.filter(
    (process) => isProgram(name, process) && (unit === undefined || process.unit === unit),
  );
  if (running.length === 0)
    return { holds: false, observed: say.runsNot(name, node.label), hint: say.systemctl(node.label, name) };
  const lines = running.map(commandLine);
  if (lines.some((line) => wanted.every((argument) => contains(argument, line))))
    return { holds: true, observed: say.runs(name, node.label) };
  return {
    holds: false,
    observed: say.runsSo(node.label, brief(lines[0] ?? '', 200)),
    hint: say.onMachine(node.label, `ps aux | grep ${name}`),
  };
};

/** `:3306`, `10.244.1.2:3306`, `:53/udp`; a listener on any address listens on each. */
const listensOn = ({ protocol, address, port }: ListenerFact, wanted: string): boolean => {
  const [endpoint = '', wantedProtocol = 'tcp'] = wanted.split('/');
  const colon = endpoint.lastIndexOf(':');
  const host = endpoint.slice(0, colon);
  return (
    protocol === wantedProtocol &&
    port === Number(endpoint.slice(colon + 1)) &&
    (host === '' || [host, '0.0.0.0', '*', '::'].includes(address))
  );
};
