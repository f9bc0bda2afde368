// What checks say, in English: every sentence that a student reads about what was expected, what was seen, and what to do.
import type { ProbeFailure } from '../../../api/fabric.ts';
import type { CountRange, RuleSelection, TextMatch } from '../../../api/lab.ts';
import { inWords } from '../match.ts';
import { words } from '../reference.ts';

/** `a, b and c` */
const listed = (items: readonly string[]): string =>
  items.length < 2 ? (items[0] ?? 'nothing') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;

const where = (reference: string): string => {
  if (reference === 'node/*') return 'every node';
  return reference.startsWith('pod/') ? words(reference) : (reference.split('/').at(-1) ?? '');
};

const count = ({ min, max }: CountRange): string => {
  if (max === undefined) return `at least ${min}`;
  if (min === max) return `exactly ${min}`;
  return min === 0 ? `at most ${max}` : `${min} to ${max}`;
};

const parts = (...texts: readonly (string | false | undefined)[]): string => texts.filter(Boolean).join(', ');

const failures: Readonly<Record<ProbeFailure, (message: string) => string>> = {
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

const quoted = (match: TextMatch | undefined, text: (shown: string) => string): string =>
  match === undefined ? '' : text(inWords(match));

export const english = {
  listed,
  where,
  count,
  not: (phrase: string) => `it must not be so that ${phrase}`,
  toBegin: (task: string) => `the task to begin: labs tasks ${task}`,

  // Places and objects
  noSuch: (object: string) => `there is no ${object}`,
  createFirst: (object: string) => `Create ${object} first.`,
  hasNoField: (object: string, path: string) => `${object} has no ${path}`,
  podNotRunning: (pod: string, state: string) => `${pod} isn't running: ${state}`,
  describePod: (pod: string) => `Look at \`kubectl describe ${pod}\`.`,
  podGone: () => 'the pod has no network namespace: its processes are gone',
  machineDown: (machine: string) => `${machine} isn't running; \`labs start\` starts it again`,
  apiServerStopped: (machine: string) =>
    `kube-apiserver doesn't run on ${machine}, so nothing can be read from the cluster`,
  apiServerSilent: (cause: string) => `the API server doesn't answer: ${cause}`,
  systemctl: (machine: string, unit: string) => `On ${machine}: systemctl status ${unit}; journalctl -u ${unit}`,
  onMachine: (machine: string, command: string) => `On ${machine}: ${command}`,

  // http, tcp, lookup
  httpExpected: (from: string, url: string, status: number, body: TextMatch | undefined) =>
    `${where(from)} gets ${status} from ${url}${quoted(body, (text) => `, with ${text} in the answer`)}`,
  httpObserved: (place: string, url: string, status: number, body: string) =>
    `${place} got ${status} from ${url}: ${body || '(empty)'}`,
  tcpExpected: (from: string, to: string, banner: TextMatch | undefined) =>
    `${where(from)} can connect to ${to}${quoted(banner, (text) => ` and is greeted with ${text}`)}`,
  tcpObserved: (place: string, to: string, greeting: string) =>
    `${place} connected to ${to}${greeting === '' ? '' : `, greeted with ${greeting}`}`,
  lookupExpected: (from: string, name: string, address: string) => `${where(from)} resolves ${name} to ${address}`,
  lookupObserved: (place: string, name: string, addresses: readonly string[]) =>
    `${place} resolves ${name} to ${listed(addresses)}`,
  noAnswer: (place: string, target: string, failure: ProbeFailure, message: string) =>
    `${place} → ${target}: ${failures[failure](message)}`,
  noAnswerHint: (failure: ProbeFailure) => failureHints[failure],
  noResolver: (place: string, host: string) =>
    `${place} doesn't know the name ${host}: only pods ask the cluster's DNS`,
  notResolved: (host: string, cause: string) => `the name ${host} doesn't resolve${cause === '' ? '' : `: ${cause}`}`,

  // iptables
  selection: ({ table, chain, comment, target, to, source, destination, dport }: RuleSelection) =>
    `table ${table}, ${parts(
      chain && `in chain ${chain}`,
      comment && `with ${inWords(comment)} in the comment`,
      target && `with target ${target}`,
      to && `to ${to}`,
      source && `from ${source}`,
      destination && `for ${destination}`,
      dport && `port ${dport}`,
    )}`,
  rulesExpected: (on: string, range: CountRange, selection: string) =>
    `${where(on)} has ${count(range)} such rule (${selection})`,
  rulesObserved: (node: string, number: number, rules: string) =>
    number === 0 ? `${node} has no such rule` : `${node} has ${number}: ${rules}`,
  rulesHint: (node: string, table: string) =>
    `On ${node}: iptables-save -t ${table}. Rules come from kube-proxy: does it run there, and has the service endpoints?`,
  noRuleYet: (selection: string) => `there is no such rule yet (${selection})`,
  serviceFirst: () => 'Make the service that the rule belongs to first.',
  packetExpected: (on: string, from: string, to: string, end: string) =>
    `on ${where(on)}, a packet from ${from} to ${to} ${end}`,
  packetObserved: (node: string, from: string, to: string, end: string) =>
    `on ${node}, a packet from ${from} to ${to} ${end}`,
  nodeItself: () => 'the node itself',
  endpointsOf: (service: string) => `the endpoints of ${service}`,
  goesTo: (ends: readonly string[]) => `goes to ${listed(ends)}`,
  fate: (fate: 'accepted' | 'dropped' | 'rejected') => `is ${fate}`,
  keepsDestination: () => 'keeps its destination, which no rule rewrites',
  source: (masqueraded: boolean): string => (masqueraded ? ', its source masqueraded' : ', its source kept'),
  neverArrives: (ends: readonly string[], instead: string) => `never arrives at ${listed(ends)}: it ${instead}`,
  noRuleMatches: (node: string) =>
    `No rule on ${node} rewrites the packet: does kube-proxy run there, and has the service endpoints?`,
  decisiveRule: (node: string, rule: string) => `The rule that decides on ${node}: ${rule}`,
  noEndpoints: (service: string) => `${service} has no ready endpoints`,
  selectorHint: () => 'Does its selector match the labels of pods that are ready?',

  // link, route
  linkExpected: (on: string, range: CountRange, link: LinkWords) =>
    `${where(on)} has ${count(range)} network interface (${parts(
      link.kind,
      link.name && `named ${inWords(link.name)}`,
      link.address && `with address ${link.address}`,
      link.master && `plugged into ${link.master}`,
      link.up !== undefined && (link.up ? 'that is up' : 'that is down'),
    )})${link.everywhere ? ', in any of its network namespaces' : ''}`,
  linkObserved: (place: string, found: readonly string[], all: number) =>
    found.length === 0 ? `${place} has none (${all} interfaces in all)` : `${place} has ${listed(found)}`,
  routeExpected: (on: string, to: string, via: string | undefined, device: string | undefined) =>
    `${where(on)} has a route to ${to}${via === undefined ? '' : ` via ${via}`}${device === undefined ? '' : ` by ${device}`}`,
  noRoute: (place: string, to: string) => `${place} has no route to ${to}`,
  noGateway: (place: string, to: string) => `${place} has no route to ${to} by a gateway`,
  noVeth: (pod: string, machine: string) => `${pod} has no veth pair to ${machine}`,

  // object
  objectExpected: (object: string, exists: boolean, conditions: readonly string[]) => {
    if (!exists) return `there is no ${object}`;
    return `${object} exists${conditions.length === 0 ? '' : `, with ${conditions.join(', ')}`}`;
  },
  objectThere: (object: string, values: readonly string[]) =>
    `${object} is there${values.length === 0 ? '' : `: ${values.join(', ')}`}`,
  notSet: () => '(not set)',
  like: (match: TextMatch) => `like ${inWords(match)}`,

  // process
  runsExpected: (on: string, name: string, flags: readonly string[]) =>
    `${name} runs on ${where(on)}${flags.length === 0 ? '' : ` with ${listed(flags)}`}`,
  listensExpected: (on: string, address: string) => `a process listens on ${address} on ${where(on)}`,
  and: (phrases: readonly string[]) => phrases.join(', and '),
  runs: (name: string, node: string) => `${name} runs on ${node}`,
  runsNot: (name: string, node: string) => `${name} doesn't run on ${node}`,
  runsSo: (node: string, command: string) => `${node} runs: ${command}`,
  listens: (address: string, node: string, listening: boolean) =>
    `${listening ? 'a process' : 'no process'} listens on ${address} on ${node}`,
  noFlag: (process: string, node: string, flag: string) => `${process} on ${node} runs without ${flag}`,

  // file, log
  fileExpected: (on: string, path: string, exists: boolean, content: TextMatch | undefined) =>
    exists
      ? `${where(on)} has the file ${path}${quoted(content, (text) => ` with ${text} in it`)}`
      : `${where(on)} has no file ${path}`,
  hasFile: (node: string, path: string, has: boolean) => `${node} has ${has ? 'the' : 'no'} file ${path}`,
  fileContent: (node: string, path: string, content: string) => `${path} on ${node}: ${content || '(empty)'}`,
  logExpected: (on: string, path: string, range: CountRange, line: TextMatch) =>
    `${path} on ${where(on)} has ${count(range)} line with ${inWords(line)}`,
  noLine: (node: string, path: string) => `${path} on ${node} has no such line`,

  // answer
  answerExpected: (question: string) => `the right answer to: ${question}`,
  notAnswered: () => 'not answered yet',
  answered: (answer: string) => `answered "${answer}"`,
  lookAgain: (task: string) => `Look again, then: labs answer ${task}`,
};

interface LinkWords {
  readonly kind?: string;
  readonly name?: TextMatch;
  readonly address?: string;
  readonly master?: TextMatch;
  readonly up?: boolean;
  readonly everywhere: boolean;
}

/** Every sentence, in one language. */
export type Phrases = typeof english;
