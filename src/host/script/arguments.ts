// Checks what a lab's script passes to the functions of its handle, before Docker or the fabric gets it.
import type { UnitVerb } from '../../api/fabric.ts';
import type { FactName } from '../../api/facts.ts';

/** The script is wrong, and not the cluster. */
export class WrongCall extends TypeError {}

export interface MachineNames {
  readonly nodes: readonly string[];
  readonly clients: readonly string[];
  readonly machines: readonly string[];
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

const machine: Rule = (value, name, { nodes, clients, machines: others }) => {
  const machines = [...nodes, ...clients, ...others];
  return (
    text(value, name, nobody) ??
    (machines.includes(String(value)) ? undefined : `there is no machine "${value}"; the lab has ${list(machines)}`)
  );
};

const place: Rule = (value, name, machines) => {
  if (typeof value !== 'string') return mustBe(name, 'a text', value);
  const [kind, called] = value.split('/');
  if (kind === 'node' && called) return called === '*' ? undefined : node(called, name, machines);
  if (kind === 'machine' && called) return machine(called, name, machines);
  if (kind === 'client') return called === undefined ? undefined : machine(called, name, machines);
  return kind === 'pod' && called
    ? undefined
    : `"${value}" is not a place; write pod/NAME, pod/NAMESPACE/NAME, node/NAME, machine/NAME, client or client/NAME`;
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

const nobody: MachineNames = { nodes: [], clients: [], machines: [] };

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

/** An object that has only these fields. @param fields each with the type that it has, in words, too */
const optionsWith = (fields: Readonly<Record<string, readonly ['string' | 'boolean', string]>>): Rule => {
  const shape = `{ ${Object.keys(fields).join(', ')} }`;
  return (value, name) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return mustBe(name, `an object such as \`${shape}\``, value);
    for (const [key, given] of Object.entries(value)) {
      const field = fields[key];
      if (!field) return `there is no option "${key}"; write \`${shape}\``;
      const [type, wanted] = field;
      if (given !== undefined && typeof given !== type) return mustBe(key, wanted, given);
    }
    return undefined;
  };
};

const shellOptions: Rule = (value, name, machines) =>
  typeof value === 'string'
    ? 'write the command between backticks, without parentheses'
    : optionsWith({ input: ['string', 'a text'], nothrow: ['boolean', 'true or false'] })(value, name, machines);

const podReference: Rule = (value, name) =>
  text(value, name, nobody) ??
  (/^(?!pod\/)[^/]+(\/[^/]+)?$/.test(value as string)
    ? undefined
    : `"${value}" is not a pod; write NAME, NAMESPACE/NAME or NAMESPACE/LABEL=VALUE`);

const localized: Rule = (value, name) => {
  const english = typeof value === 'object' && value !== null ? (value as { en?: unknown }).en : value;
  return typeof english === 'string' ? undefined : mustBe(name, 'a text or `{ en, ko }`', value);
};

const callback: Rule = (value, name) => (typeof value === 'function' ? undefined : mustBe(name, 'a function', value));

const oneWordEach = "each word is an argument of its own; write `lab.kubectl('get', 'pods')`";

const word: Rule = (value, name) => (Array.isArray(value) ? oneWordEach : text(value, name, nobody));

/** Of the handle, and of `LabCalls` (there with the name of the machine or the place before the author's arguments). */
const signatures: Readonly<Record<string, Signature>> = {
  node: { usage: 'lab.node(name)', required: [['name', node]] },
  machine: { usage: 'lab.machine(name)', required: [['name', machine]] },
  pod: {
    usage: 'lab.pod(reference, { container })',
    required: [['reference', podReference]],
    optional: [['options', optionsWith({ container: ['string', 'a text'] })]],
  },
  $: {
    usage: 'lab.node(name).$',
    required: [['options', shellOptions]],
  },
  run: {
    usage: 'lab.node(name).$',
    required: [
      ['place', place],
      ['command', text],
    ],
    optional: [['options', optionsWith({ input: ['string', 'a text'], container: ['string', 'a text'] })]],
  },
  systemctl: {
    usage: 'lab.node(name).systemctl(verb, ...units)',
    required: [
      ['node', node],
      ['verb', verb],
    ],
    rest: ['unit', text],
    together: ([, verb, ...units]) =>
      verb !== 'daemon-reload' && verb !== 'reset-failed' && units.length === 0 ? '`unit` is missing' : undefined,
  },
  restoreRules: {
    usage: 'lab.node(name).restoreRules(input, { flush })',
    required: [
      ['node', node],
      ['input', text],
    ],
    optional: [['options', optionsWith({ flush: ['boolean', 'true or false'] })]],
  },
  kubectl: {
    usage: 'lab.kubectl(...words)',
    required: [['word', word]],
    rest: ['word', word],
    // Only the first word is a name of kubectl's own; the others may well have spaces.
    together: ([first]) => (/\s/.test(String(first)) ? oneWordEach : undefined),
  },
  apply: { usage: 'lab.apply(manifest)', required: [['manifest', manifest]] },
  installProxy: { usage: 'lab.installProxy(file)', required: [['file', text]] },
  removeProxy: { usage: 'lab.removeProxy()', required: [] },
  object: { usage: 'lab.object(reference)', required: [['reference', reference]] },
  facts: {
    usage: 'lab.node(name).facts(...want)',
    required: [
      ['place', place],
      ['want', fact],
    ],
    rest: ['want', fact],
  },
  http: {
    usage: 'lab.pod(reference).http(url, timeoutMs)',
    required: [
      ['place', place],
      ['url', text],
    ],
    optional: [['timeoutMs', milliseconds]],
  },
  tcp: {
    usage: 'lab.pod(reference).tcp(to, timeoutMs)',
    required: [
      ['place', place],
      ['to', hostPort],
    ],
    optional: [['timeoutMs', milliseconds]],
  },
  lookup: {
    usage: 'lab.pod(reference).lookup(name)',
    required: [
      ['place', place],
      ['name', text],
    ],
  },
  read: {
    usage: 'lab.node(name).read(path, tailBytes)',
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
    if (name === undefined || rule === undefined) return 'too many arguments';
    const problem = value === undefined && !rest ? undefined : rule(value, name, machines);
    if (problem !== undefined) return problem;
  }
  return together?.(args);
};

/** The same functions, but each checks its arguments first. */
export const checkingCalls = <C extends object>(calls: C, machines: MachineNames): C =>
  Object.fromEntries(
    Object.entries(calls).map(([name, value]) => [
      name,
      typeof value === 'function'
        ? async (...args: readonly unknown[]) => {
            checkCall(name, args, machines);
            return value(...args);
          }
        : value,
    ]),
  ) as C;
