// What an argument of a script's call can be: a rule for each kind of value.
import type { UnitVerb } from '../../api/fabric.ts';
import type { FactName } from '../../api/facts.ts';

export interface MachineNames {
  readonly nodes: readonly string[];
  readonly clients: readonly string[];
  readonly machines: readonly string[];
}

/** @returns what is wrong with a value */
export type Rule = (value: unknown, name: string, machines: MachineNames) => string | undefined;

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

export const text: Rule = (value, name) => (typeof value === 'string' ? undefined : mustBe(name, 'a text', value));

const list = (names: readonly string[]): string => names.join(', ');

export const node: Rule = (value, name, { nodes }) =>
  text(value, name, nobody) ??
  (nodes.includes(String(value)) ? undefined : `there is no node "${value}"; the lab has ${list(nodes)}`);

export const machine: Rule = (value, name, { nodes, clients, machines: others }) => {
  const machines = [...nodes, ...clients, ...others];
  return (
    text(value, name, nobody) ??
    (machines.includes(String(value)) ? undefined : `there is no machine "${value}"; the lab has ${list(machines)}`)
  );
};

export const place: Rule = (value, name, machines) => {
  if (typeof value !== 'string') return mustBe(name, 'a text', value);
  const [kind, called] = value.split('/');
  if (kind === 'node' && called) return called === '*' ? undefined : node(called, name, machines);
  if (kind === 'machine' && called) return machine(called, name, machines);
  if (kind === 'client') return called === undefined ? undefined : machine(called, name, machines);
  return kind === 'pod' && called
    ? undefined
    : `"${value}" is not a place; write pod/NAME, pod/NAMESPACE/NAME, node/NAME, machine/NAME, client or client/NAME`;
};

export const milliseconds: Rule = (value, name) =>
  typeof value === 'number' && value > 0 ? undefined : mustBe(name, 'a number of milliseconds', value);

export const bytes: Rule = (value, name) =>
  typeof value === 'number' && value > 0 ? undefined : mustBe(name, 'a number of bytes', value);

export const manifest: Rule = (value, name) =>
  typeof value === 'string' ? undefined : `${mustBe(name, 'a text of YAML', value)}; write YAML, or use JSON.stringify`;

export const hostPort: Rule = (value, name) =>
  text(value, name, nobody) ?? (/^.+:\d+$/.test(value as string) ? undefined : `"${value}" is not host:port`);

export const reference: Rule = (value, name) =>
  text(value, name, nobody) ??
  (/^[^/]+\/[^/]/.test(value as string)
    ? undefined
    : `"${value}" is not an object; write pod/NAME or pod/NAMESPACE/NAME`);

export const absolutePath: Rule = (value, name) =>
  text(value, name, nobody) ?? (/^\//.test(value as string) ? undefined : `\`${name}\` must begin with /`);

export const nobody: MachineNames = { nodes: [], clients: [], machines: [] };

const namesIn = (names: object): readonly string[] => Object.keys(names);

const verbs = namesIn({
  ...{ start: true, stop: true, restart: true, enable: true, disable: true },
  ...{ 'try-restart': true, 'reset-failed': true, 'daemon-reload': true },
} satisfies Record<UnitVerb, true>);

const factNames = namesIn({
  ...{ iptables: true, ip6tables: true, rulesForged: true, links: true, routes: true, listeners: true },
  ...{ processes: true, namespaces: true, sysctls: true, nft: true, conntrack: true, ipvs: true },
} satisfies Record<FactName, true>);

export const verb: Rule = (value, name) =>
  text(value, name, nobody) ??
  (verbs.some((known) => known === value) ? undefined : `there is no verb "${value}"; write one of ${list(verbs)}`);

export const fact: Rule = (value, name) =>
  text(value, name, nobody) ??
  (factNames.some((known) => known === value)
    ? undefined
    : `there is no fact "${value}"; write one of ${list(factNames)}`);

/** An object that has only these fields. @param fields each with the type that it has, in words, too */
export const optionsWith = (fields: Readonly<Record<string, readonly ['string' | 'boolean', string]>>): Rule => {
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

export const shellOptions: Rule = (value, name, machines) =>
  typeof value === 'string'
    ? 'write the command between backticks, without parentheses'
    : optionsWith({ input: ['string', 'a text'], nothrow: ['boolean', 'true or false'] })(value, name, machines);

export const podReference: Rule = (value, name) =>
  text(value, name, nobody) ??
  (/^(?!pod\/)[^/]+(\/[^/]+)?$/.test(value as string)
    ? undefined
    : `"${value}" is not a pod; write NAME, NAMESPACE/NAME or NAMESPACE/LABEL=VALUE`);

export const localized: Rule = (value, name) => {
  const english = typeof value === 'object' && value !== null ? (value as { en?: unknown }).en : value;
  return typeof english === 'string' ? undefined : mustBe(name, 'a text or `{ en, ko }`', value);
};

export const callback: Rule = (value, name) =>
  typeof value === 'function' ? undefined : mustBe(name, 'a function', value);

export const oneWordEach = "each word is an argument of its own; write `lab.kubectl('get', 'pods')`";

export const word: Rule = (value, name) => (Array.isArray(value) ? oneWordEach : text(value, name, nobody));
