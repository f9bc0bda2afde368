// The process check: a program runs on a node, with these arguments, and listens there.
import type { Facts, ListenerFact, ProcessFact } from '../../../api/fabric.ts';
import type { ProcessCheck } from '../../../api/lab.ts';
import { brief, contains, inWords, listed } from '../match.ts';
import { commandLine, isProgram } from '../reference.ts';
import type { CheckKind, Verdict } from '../verdict.ts';
import type { Located } from '../view.ts';

export const processCheck: CheckKind<ProcessCheck> = {
  describe: ({ on, name, arguments: wanted, listening }) => {
    const where = on === 'node/*' ? 'each node' : on.replace('node/', '');
    const flags = wanted.length === 0 ? '' : ` with ${listed(wanted.map(inWords))}`;
    const parts = [
      name === undefined ? '' : `${name} runs on ${where}${flags}`,
      listening === undefined ? '' : `a process listens on ${listening} on ${where}`,
    ];
    return parts.filter((part) => part !== '').join(', and ');
  },
  evaluate(check, view) {
    const nodes = view.places(check.on);
    const facts = view.facts(nodes, 'processes', 'listeners');
    const verdicts = nodes.map((node, index) => judge(check, node, facts[index] ?? {}));
    return verdicts.find(({ holds }) => holds === check.not) ?? (verdicts.at(-1) as Verdict);
  },
};

const judge = (check: ProcessCheck, node: Located, { processes = [], listeners = [] }: Facts): Verdict => {
  if (check.name !== undefined) {
    const verdict = judgeProcess(check, check.name, node, processes);
    if (!verdict.holds || check.listening === undefined) return verdict;
  }
  const wanted = check.listening ?? '';
  const listens = listeners.some((listener) => listensOn(listener, wanted));
  return {
    holds: listens,
    observed: `${listens ? 'a process' : 'no process'} listens on ${wanted} on ${node.label}`,
    hint: `On ${node.label}: ss -lntup`,
  };
};

const judgeProcess = (check: ProcessCheck, name: string, node: Located, processes: readonly ProcessFact[]): Verdict => {
  const running = processes.filter(
    (process) => isProgram(name, process) && (check.unit === undefined || process.unit === check.unit),
  );
  if (running.length === 0)
    return {
      holds: false,
      observed: `${name} doesn't run on ${node.label}`,
      hint: `On ${node.label}: systemctl status ${name}; journalctl -u ${name}`,
    };
  const lines = running.map(commandLine);
  if (lines.some((line) => check.arguments.every((wanted) => contains(wanted, line))))
    return { holds: true, observed: `${name} runs on ${node.label}` };
  return {
    holds: false,
    observed: `${node.label} runs: ${brief(lines[0] ?? '', 200)}`,
    hint: `On ${node.label}: ps aux | grep ${name}`,
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
