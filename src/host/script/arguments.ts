// Checks what a lab's script passes to the functions of its handle, before Docker or the fabric gets it.
import type { UnitVerb } from '../../api/fabric.ts';
import type { FactName } from '../../api/facts.ts';

/** The script is wrong, and not the cluster. */
export class WrongCall extends TypeError {}

export interface MachineNames {
  readonly nodes: readonly string[];
  readonly clients: readonly string[];
}

/** @returns what is wrong with a value */
type Rule = (value: unknown, name: string, machines: MachineNames) => string | undefined;

interface Signature {
  /** As an author writes the call. */
  readonly usage: string;
  readonly required: readonly (readonly [name: string, rule: Rule])[];
  readonly optional?: readonly (readonly [name: string, rule: Rule])[];
  /** For all further arguments. */
  readonly rest?: readonly [name: string, rule: Rule];
  /** What is wrong with the arguments together. */
  readonly together?: (args: readonly unknown[]) => string | undefined;
}

const kindOf = (value: unknown): string => {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  const kinds: Readonly<Record<string, string>> = {
    string: 'a text',
    number: 'a number',
    boolean: 'true or false',
    function: 'a function',
  };
  return kinds[typeof value] ?? 'an object';
};

const mustBe = (name: string, wanted: string, value: unknown): string =>
  `\`${name}\` must be ${wanted}, not ${kindOf(value)}`;

const text: Rule = (value, name) => (typeof value === 'string' ? undefined : mustBe(name, 'a text', value));

const list = (names: readonly string[]): string => names.join(', ');

const node: Rule = (value, name, { nodes }) =>
  text(value, name, nobody) ??
  (nodes.includes(String(value)) ? undefined : `there is no node "${value}"; the lab has ${list(nodes)}`);

const machine: Rule = (value, name, { nodes, clients }) => {
  const machines = [...nodes, ...clients];
  return (
    text(value, name, nobody) ??
    (machines.includes(String(value)) ? undefined : `there is no machine "${value}"; the lab has ${list(machines)}`)
  );
};

const place: Rule = (value, name, machines) => {
  if (typeof value !== 'string') return mustBe(name, 'a text', value);
  const [kind, called] = value.split('/');
  if (kind === 'node' && called) return called === '*' ? undefined : node(called, name, machines);
  if (kind === 'client') return called === undefined ? undefined : machine(called, name, machines);
  return kind === 'pod' && called
    ? undefined
    : `"${value}" is not a place; write pod/NAME, pod/NAMESPACE/NAME, node/NAME, client or client/NAME`;
};

const milliseconds: Rule = (value, name) =>
  typeof value === 'number' && value > 0 ? undefined : mustBe(name, 'a number of milliseconds', value);

const bytes: Rule = (value, name) =>
  typeof value === 'number' && value > 0 ? undefined : mustBe(name, 'a number of bytes', value);

const manifest: Rule = (value, name) =>
  typeof value === 'string' ? undefined : `${mustBe(name, 'a text of YAML', value)}; write YAML, or use JSON.stringify`;

const hostPort: Rule = (value, name) =>
  text(value, name, nobody) ?? (/^.+:\d+$/.test(value as string) ? undefined : `"${value}" is not host:port`);

const reference: Rule = (value, name) =>
  text(value, name, nobody) ??
  (/^[^/]+\/[^/]/.test(value as string)
    ? undefined
    : `"${value}" is not an object; write pod/NAME or pod/NAMESPACE/NAME`);

const absolutePath: Rule = (value, name) =>
  text(value, name, nobody) ?? (/^\//.test(value as string) ? undefined : `\`${name}\` must begin with /`);

const nobody: MachineNames = { nodes: [], clients: [] };

const namesIn = (names: object): readonly string[] => Object.keys(names);

const verbs = namesIn({
  ...{ start: true, stop: true, restart: true, enable: true, disable: true },
  ...{ 'try-restart': true, 'reset-failed': true, 'daemon-reload': true },
} satisfies Record<UnitVerb, true>);

const factNames = namesIn({
  ...{ iptables: true, ip6tables: true, rulesForged: true, links: true, routes: true, listeners: true },
  ...{ processes: true, namespaces: true, sysctls: true, nft: true, conntrack: true, ipvs: true },
} satisfies Record<FactName, true>);

const verb: Rule = (value, name) =>
  text(value, name, nobody) ??
  (verbs.some((known) => known === value) ? undefined : `there is no verb "${value}"; write one of ${list(verbs)}`);

const fact: Rule = (value, name) =>
  text(value, name, nobody) ??
  (factNames.some((known) => known === value)
    ? undefined
    : `there is no fact "${value}"; write one of ${list(factNames)}`);

/** An object that has only this field. */
const optionsWith =
  (field: string, type: 'string' | 'boolean', wanted: string): Rule =>
  (value, name) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return mustBe(name, `an object such as \`{ ${field} }\``, value);
    const unknown = Object.keys(value).find((key) => key !== field);
    if (unknown !== undefined) return `there is no option "${unknown}"; write \`{ ${field} }\``;
    const given = (value as Readonly<Record<string, unknown>>)[field];
    return given === undefined || typeof given === type ? undefined : mustBe(field, wanted, given);
  };

const localized: Rule = (value, name) => {
  const english = typeof value === 'object' && value !== null ? (value as { en?: unknown }).en : value;
  return typeof english === 'string' ? undefined : mustBe(name, 'a text or `{ en, ko }`', value);
};

const callback: Rule = (value, name) => (typeof value === 'function' ? undefined : mustBe(name, 'a function', value));

const oneWordEach = "each word is an argument of its own; write `lab.kubectl('get', 'pods')`";

const word: Rule = (value, name) => (Array.isArray(value) ? oneWordEach : text(value, name, nobody));

const signatures: Readonly<Record<string, Signature>> = {
  sh: {
    usage: 'lab.sh(machine, script, { stdin })',
    required: [
      ['machine', machine],
      ['script', text],
    ],
    optional: [['options', optionsWith('stdin', 'string', 'a text')]],
  },
  systemctl: {
    usage: 'lab.systemctl(node, verb, ...units)',
    required: [
      ['node', node],
      ['verb', verb],
    ],
    rest: ['unit', text],
    together: ([, verb, ...units]) =>
      verb !== 'daemon-reload' && verb !== 'reset-failed' && units.length === 0 ? '`unit` is missing' : undefined,
  },
  restoreRules: {
    usage: 'lab.restoreRules(node, input, { flush })',
    required: [
      ['node', node],
      ['input', text],
    ],
    optional: [['options', optionsWith('flush', 'boolean', 'true or false')]],
  },
  kubectl: {
    usage: 'lab.kubectl(...words)',
    required: [['word', word]],
    rest: ['word', word],
    // Only the first word is a name of kubectl's own; the others may well have spaces.
    together: ([first]) => (/\s/.test(String(first)) ? oneWordEach : undefined),
  },
  apply: { usage: 'lab.apply(manifest)', required: [['manifest', manifest]] },
  object: { usage: 'lab.object(reference)', required: [['reference', reference]] },
  facts: {
    usage: 'lab.facts(place, ...want)',
    required: [
      ['place', place],
      ['want', fact],
    ],
    rest: ['want', fact],
  },
  http: {
    usage: 'lab.http(from, url, timeoutMs)',
    required: [
      ['from', place],
      ['url', text],
    ],
    optional: [['timeoutMs', milliseconds]],
  },
  tcp: {
    usage: 'lab.tcp(from, to, timeoutMs)',
    required: [
      ['from', place],
      ['to', hostPort],
    ],
    optional: [['timeoutMs', milliseconds]],
  },
  lookup: {
    usage: 'lab.lookup(from, name)',
    required: [
      ['from', place],
      ['name', text],
    ],
  },
  read: {
    usage: 'lab.read(machine, path, tailBytes)',
    required: [
      ['machine', machine],
      ['path', absolutePath],
    ],
    optional: [['tailBytes', bytes]],
  },
  until: {
    usage: 'lab.until(condition, look, timeoutMs)',
    required: [
      ['condition', localized],
      ['look', callback],
    ],
    optional: [['timeoutMs', milliseconds]],
  },
  answer: {
    usage: 'lab.answer(check, value)',
    required: [
      ['check', text],
      ['value', text],
    ],
  },
};

/** The names of the functions that are checked. */
export const checkedFunctions: readonly string[] = Object.keys(signatures);

/** @throws WrongCall if the function cannot take these arguments */
export const checkCall = (method: string, args: readonly unknown[], machines: MachineNames = nobody): void => {
  const signature = signatures[method];
  const problem = signature && problemOf(signature, args, machines);
  if (signature && problem !== undefined) throw new WrongCall(`wrong call of \`${signature.usage}\`: ${problem}`);
};

const problemOf = (
  { required, optional = [], rest, together }: Signature,
  args: readonly unknown[],
  machines: MachineNames,
): string | undefined => {
  for (const [index, [name, rule]] of required.entries()) {
    const value = args[index];
    const problem = value === undefined ? `\`${name}\` is missing` : rule(value, name, machines);
    if (problem !== undefined) return problem;
  }
  const more = args.slice(required.length);
  for (const [index, value] of more.entries()) {
    const [name, rule] = rest ?? optional[index] ?? [];
    if (name === undefined || rule === undefined) return `too many arguments (${args.length})`;
    const problem = value === undefined && !rest ? undefined : rule(value, name, machines);
    if (problem !== undefined) return problem;
  }
  return together?.(args);
};

/** The same functions, but each checks its arguments first. */
export const checkingCalls = <H extends object>(handle: H, machines: MachineNames): H =>
  Object.fromEntries(
    Object.entries(handle).map(([name, value]) => [
      name,
      typeof value === 'function'
        ? async (...args: readonly unknown[]) => {
            checkCall(name, args, machines);
            return value(...args);
          }
        : value,
    ]),
  ) as H;
