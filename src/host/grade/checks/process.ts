// The process check: a program runs on a node, with these arguments, and listens there.
import type { ListenerFact } from '../../../api/fabric.ts';
import type { ProcessCheck } from '../../../api/lab.ts';
import { brief, contains, inWords, listed } from '../match.ts';
import type { CheckKind, Verdict } from '../verdict.ts';
import { commandWords, isProgram } from '../view.ts';

export const processCheck: CheckKind<ProcessCheck> = {
  describe: ({ on, name, arguments: wanted, listening }) => {
    const where = on === 'node/*' ? 'each node' : on.replace('node/', '');
    const flags = wanted.length === 0 ? '' : ` with ${listed(wanted.map(inWords))}`;
    return `${name} runs on ${where}${flags}${listening === undefined ? '' : ` and something listens on ${listening}`}`;
  },
  evaluate(check, view) {
    const nodes = view.places(check.on);
    const facts = view.facts(nodes, 'processes', 'listeners');
    const verdicts = nodes.map((node, index): Verdict => {
      const { processes = [], listeners = [] } = facts[index] ?? {};
      const running = processes.filter(
        ({ command, arguments: argv, unit }) =>
          isProgram(check.name, command, argv) && (check.unit === undefined || unit === check.unit),
      );
      if (running.length === 0)
        return {
          holds: false,
          observed: `${check.name} doesn't run on ${node.label}`,
          hint: `On ${node.label}: systemctl status ${check.name}; journalctl -u ${check.name}`,
        };
      const lines = running.map(({ arguments: argv }) => commandWords(argv).join(' '));
      const missing = check.arguments.filter((wanted) => !lines.some((line) => contains(wanted, line)));
      if (missing.length > 0)
        return {
          holds: false,
          observed: `${node.label} runs: ${brief(lines[0] ?? '', 200)}`,
          hint: `ps aux | grep ${check.name}`,
        };
      if (check.listening !== undefined && !listeners.some((listener) => listensOn(listener, check.listening ?? '')))
        return {
          holds: false,
          observed: `${check.name} runs on ${node.label}, nothing listens on ${check.listening}`,
          hint: 'ss -lntup',
        };
      return { holds: true, observed: `${check.name} runs on ${node.label}` };
    });
    return verdicts.find(({ holds }) => holds === check.not) ?? (verdicts.at(-1) as Verdict);
  },
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
