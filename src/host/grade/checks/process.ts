// The process check: a program runs on a node with the right arguments, or a process listens on an address.
import * as z from 'zod';
import type { ListenerFact, ProcessFact } from '../../../api/facts.ts';
import { brief, contains, inWords } from '../match.ts';
import { commandLine, isProgram } from '../reference.ts';
import { english as en, type Phrases } from '../say/en.ts';
import { korean as ko } from '../say/ko.ts';
import type { Verdict } from '../verdict.ts';
import type { Place } from '../view/places.ts';
import { match, place, zeroOrMore } from './fields.ts';
import { checkKind, type FieldValues } from './kind.ts';
import { lookAt } from './look.ts';

const english = {
  runsExpected: (on: string, name: string, flags: readonly string[]) =>
    `${name} runs on ${en.where(on)}${flags.length === 0 ? '' : ` with ${en.listed(flags)}`}`,
  listensExpected: (on: string, address: string) => `a process listens on ${address} on ${en.where(on)}`,
  noListenerExpected: (on: string, address: string) => `no process listens on ${address} on ${en.anywhere(on)}`,
  notRunningExpected: (on: string, name: string, flags: readonly string[]) =>
    `${name} does not run on ${en.anywhere(on)}${flags.length === 0 ? '' : ` with ${en.listed(flags)}`}`,
  bothExpected: (phrases: readonly string[]) => phrases.join(', and '),
  runs: (name: string, node: string) => `${name} runs on ${node}`,
  stopped: (name: string, node: string, pid: number) => `${name} on ${node} is stopped by a signal (process ${pid})`,
  impostor: (name: string, node: string) => `another program runs in the unit of ${name} on ${node}`,
  runsAs: (node: string, command: string) => `${node} runs: ${command}`,
  listens: (address: string, node: string, listening: boolean) =>
    `${listening ? 'a process' : 'no process'} listens on ${address} on ${node}`,
};

const korean: typeof english = {
  runsExpected: (on, name, flags) =>
    `${ko.where(on)}에서 ${name} 프로세스가 실행 중${flags.length === 0 ? '' : ` (${ko.listed(flags)})`}`,
  listensExpected: (on, address) => `${ko.where(on)}에 ${address}에서 리스닝 중인 프로세스가 있음`,
  noListenerExpected: (on, address) => `${ko.where(on)}에 ${address}에서 리스닝 중인 프로세스가 없음`,
  notRunningExpected: (on, name, flags) =>
    `${ko.where(on)}에서 ${name} 프로세스가 실행 중이 아님${flags.length === 0 ? '' : ` (${ko.listed(flags)})`}`,
  bothExpected: (phrases) => phrases.join(', '),
  runs: (name, node) => `${node}에서 ${name} 프로세스가 실행 중`,
  stopped: (name, node, pid) => `${node}의 ${name} 프로세스(${pid})가 시그널로 멈춰 있음`,
  impostor: (name, node) => `${node}의 ${name} 유닛에서 다른 프로그램이 실행 중`,
  runsAs: (node, command) => `${node}에서 실행 중: ${command}`,
  listens: (address, node, listening) =>
    `${node}에 ${address}에서 리스닝 중인 프로세스가 ${listening ? '있음' : '없음'}`,
};

type Say = Phrases & typeof english;

const fields = {
  on: place,
  name: z
    .string()
    .exactOptional()
    .meta({ description: 'The program. Without it, the check looks only at listening.', examples: ['kube-proxy'] }),
  arguments: zeroOrMore(match).meta({
    description: 'Each of these texts must be in the command line.',
    examples: ['--proxy-mode=nftables', ['-v=6', '/--hostname-override=node\\d+/']],
  }),
  unit: z
    .string()
    .exactOptional()
    .meta({ description: 'The systemd unit that the program belongs to.', examples: ['kube-proxy'] }),
  listening: z
    .string()
    .regex(/^([^/]*|\$\{[^}]+\}):(\d+|\$\{[^}]+\})(\/udp)?$/)
    .exactOptional()
    .meta({
      description: 'address:port or :port, followed by /udp for UDP.',
      examples: [':10249', '127.0.0.1:53/udp'],
    }),
};

type Wanted = FieldValues<typeof fields>;

export const processCheck = checkKind({
  type: 'process',
  summary: 'A program runs with these arguments, or a process listens on an address.',
  fields,
  words: { en: english, ko: korean },
  mistakes: ({ name, listening }) =>
    name === undefined && listening === undefined
      ? [{ message: 'a process check needs the field name, the field listening, or both' }]
      : [],
  expected: ({ on, name, arguments: wanted, listening }, say) =>
    say.bothExpected([
      ...(name === undefined ? [] : [say.runsExpected(on, name, wanted.map(inWords))]),
      ...(listening === undefined ? [] : [say.listensExpected(on, listening)]),
    ]),
  expectedNot({ on, name, arguments: wanted, listening }, say) {
    if (name !== undefined && listening !== undefined) return undefined;
    return name === undefined
      ? say.noListenerExpected(on, listening ?? '')
      : say.notRunningExpected(on, name, wanted.map(inWords));
  },
  judge: (check, view, say) =>
    view.places.each(check.on, (node) => {
      const { processes = [], listeners = [] } = view.facts.at(node, 'processes', 'listeners');
      const { name, listening } = check;
      const program = name === undefined ? undefined : judgeProgram(name, check, node, processes, say);
      if (program && (!program.holds || listening === undefined)) return program;
      return judgeListener(listening ?? '', node, listeners, say);
    }),
});

const judgeProgram = (
  name: string,
  { unit, arguments: wanted }: Wanted,
  node: Place,
  processes: readonly ProcessFact[],
  say: Say,
): Verdict => {
  const found = processes.filter(
    (process) => isProgram(name, process) && (unit === undefined || process.unit === unit),
  );
  const running = found.filter(({ state }) => state === 'running');
  if (running.length === 0) {
    const [stopped] = found;
    const impostor = processes.some(({ unit, genuine }) => unit === `${name}.service` && genuine === false);
    const observed = stopped
      ? say.stopped(name, node.label, stopped.pid)
      : impostor
        ? say.impostor(name, node.label)
        : say.notRunning(name, node.label);
    return { holds: false, observed, ...(node.pod ? {} : { hint: say.systemctl(node.label, name) }) };
  }
  const lines = running.map(commandLine);
  if (lines.some((line) => wanted.every((argument) => contains(argument, line))))
    return { holds: true, observed: say.runs(name, node.label) };
  return {
    holds: false,
    observed: say.runsAs(node.label, brief(lines[0] ?? '', 200)),
    hint: say.onMachine(node.machine, `ps aux | grep ${name}`),
  };
};

const judgeListener = (wanted: string, node: Place, listeners: readonly ListenerFact[], say: Say): Verdict => {
  const listens = listeners.some((listener) => listensOn(listener, wanted));
  return {
    holds: listens,
    observed: say.listens(wanted, node.label, listens),
    hint: lookAt(node, 'ss -lntup', say),
  };
};

/** Whether a listener accepts `:3306`, `10.244.1.2:3306` or `:53/udp`. A wildcard address accepts every address. */
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
