// English phrases that several kinds of checks share. Phrases of a single kind are in the file of the kind (`checks/`).
import type { Language } from '../../../api/lab.ts';
import { type CountRange, inWords, type TextMatch } from '../match.ts';
import { describeReference } from '../reference.ts';

export const english = {
  language: 'en' as Language,

  // Pieces of sentences
  /** An object. The kind is as in lab.yaml. */
  named: (kind: string, name: string) => `${kind} ${name}`,
  /** A field of an object whose value is not known yet. */
  fieldOf: (field: string, object: string) => `(${field} of ${object})`,
  /** `${node.address}`, of whichever node the check looks at. */
  ofItsNode: (field: string) => `(the node's own ${field})`,
  /** `a, b and c` */
  listed: (items: readonly string[]): string =>
    items.length < 2 ? (items[0] ?? 'nothing') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`,
  /** For a service without a ready endpoint. */
  selectorHint: () => 'Does its selector match the labels of pods that are ready?',
  /** A place, from its reference. */
  where: (reference: string): string => {
    if (reference.startsWith('pod/')) return describeReference(reference, english);
    const [, name = reference, , netns] = reference.split('/');
    const machine = name === '*' ? 'every node' : name;
    return netns === undefined ? machine : english.inNetns(netns, machine);
  },
  /** Like `where`, after "no": "no process listens on any node". */
  anywhere: (reference: string): string => english.where(reference).replace('every node', 'any node'),
  /** `at least 1 line`, `no line` */
  counted: (range: CountRange, noun: string): string => {
    if (range.max === 0) return `no ${noun}`;
    return `${english.count(range)} ${noun}${(range.max ?? range.min) === 1 ? '' : 's'}`;
  },
  count: ({ min, max }: CountRange): string => {
    if (max === undefined) return `at least ${min}`;
    if (min === max) return `exactly ${min}`;
    return min === 0 ? `at most ${max}` : `${min} to ${max}`;
  },
  /** A part of a sentence about the text to match. Empty when there is no such text. */
  quoted: (match: TextMatch | undefined, part: (shown: string) => string): string =>
    match === undefined ? '' : part(inWords(match)),

  /** A text of the fabric or of a script, such as the cause of a failure. */
  fromEnglish: (text: string): string => text,

  // Checks
  /** Of a failed check with `reveal: nothing`. */
  hidden: {
    expected: 'what its title says',
    observed: 'not yet',
    observedOfFault: 'not yet. To find out what is wrong is part of the task',
  },
  mayBeFaultOf: (task: number) => `not now. It passed before, and what task ${task} is about may have changed it`,
  not: (phrase: string) => `this must not be true: ${phrase}`,
  /** With `stableFor`. */
  stays: (phrase: string, seconds: number) => `${phrase}, and it stays so for ${seconds} s`,
  staysNotYet: (observed: string, seconds: number) =>
    `${observed} (this is right; it passes when it stays so for ${seconds} s)`,
  inTask: (task: number, title: string) => `${title} (task ${task})`,
  toBegin: (task: number) => `the task to begin: labs begin ${task}`,
  afterTask: (task: number, title: string) => `task ${task}, which comes first: ${title}`,
  triedLast: () => 'labs grade: it changes the cluster, so it runs last and not while you watch',
  toDoYourself: (task: number) => `your own work, because labs goto did this task: labs reset ${task}`,

  // Places and objects
  /** A namespace that has a name in `ip netns` on a machine. */
  inNetns: (name: string, machine: string) => `${name} on ${machine}`,
  noNetns: (name: string, machine: string) => `${machine} has no network namespace ${name}`,
  noSuch: (object: string) => `there is no ${object}`,
  createFirst: (object: string) => `Create ${object} first.`,
  hasNoField: (object: string, path: string) => `${object} has no ${path}`,
  slashInField: (object: string, path: string) => `${path} of ${object} begins with a slash, so it can't be compared`,
  podNotRunning: (pod: string, state: string) => `${pod} isn't running: ${state}`,
  describePod: (words: string) => `Look at \`kubectl describe ${words}\`.`,
  podGone: () =>
    'the pod has no network namespace of its own: its processes have ended, or another one has its address',
  /** What is observed when the time of an exam is over: what the latest grading before said. */
  inTime: {
    pass: 'it passed at the latest grading before the time was over',
    fail: 'it did not pass at the latest grading before the time was over',
    blocked: 'what had to come first at the latest grading before the time was over',
    broken: 'it could not be graded before the time was over',
    never: 'it was not graded before the time was over',
  },
  othersChange: () => 'another grading changes the cluster at the same time; wait until it has ended, then try again',
  machineDown: (machine?: string) => `${machine ?? 'a machine'} isn't running; \`labs start\` starts it again`,
  apiServerStopped: (machine: string) =>
    `kube-apiserver doesn't run on ${machine}, so nothing can be read from the cluster`,
  apiServerSilent: (cause: string) => `the API server doesn't answer: ${cause}`,
  unknownEndpoints: (address: string) =>
    `no service, pod or machine has the address and port ${address}, or the service has more than 32 endpoints`,
  unreadableRules: (node: string, cause: string) => `the iptables rules of ${node} can't be read: ${cause}`,
  forgedRules: () => 'a name in them has a line break or a quote, so they look like other rules',
  notRunning: (program: string, node: string) => `${program} doesn't run on ${node}`,

  // What to do next
  systemctl: (machine: string, unit: string) => `On ${machine}: systemctl status ${unit}; journalctl -u ${unit}`,
  onMachine: (machine: string, command: string) => `On ${machine}: ${command}`,

  // Names
  noResolver: (place: string, host: string) =>
    `${place} doesn't know the name ${host}: only pods ask the cluster's DNS`,
  noNameserver: (place: string) => `the resolv.conf of ${place} has no name server`,
  notResolved: (host: string, cause: string) => `the name ${host} doesn't resolve${cause === '' ? '' : `: ${cause}`}`,
};

/** The shared sentences, in one language. */
export type Phrases = typeof english;

/** The parts that are neither empty nor false, separated by commas. */
export const commaSeparated = (...parts: readonly (string | false | undefined)[]): string =>
  parts.filter(Boolean).join(', ');
