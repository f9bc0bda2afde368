// Renders items as the input of one `nft -f -`. It is one transaction: a packet meets either the old or the new table.
import type { IpFamily } from '../types.ts';
import { clientsPrefix } from './build-affinity.ts';
import type { Existing } from './existing.ts';
import type { Changes } from './ledger.ts';
import { type Chain, type Element, type Item, type NamedSet, tableOf } from './model.ts';

/** Elements per command. The kernel takes some hundred in one message. */
const elementsPerCommand = 500;

/**
 * Its number grows when a set's type or a hook changes. A table with another comment, such as the original's, is
 * replaced as a whole.
 */
const tableComment = 'rules for kube-proxy, layout 1';

/** Chains and sets that no rule or element refers to. */
export interface Unused {
  readonly chains: readonly string[];
  readonly sets: readonly NamedSet[];
}

/** Renders the difference between two states. Unused chains and sets remain; `renderRemoval` deletes them. */
export const renderChanges = (family: IpFamily, { added, removed }: Changes): string => {
  const table = tableOf(family);
  return [...renderElements('delete', table, removed.filter(isElement)), ...renderItems(table, added)].join('\n');
};

/** Renders the whole table. The sets that remember clients keep their elements. */
export const renderAll = (family: IpFamily, items: readonly Item[], existing: Existing | undefined): string => {
  const table = tableOf(family);
  const create = `add table ${table} { comment "${tableComment}" ; }`;
  return [...(existing ? renderTakeover(table, create, existing) : [create]), ...renderItems(table, items)].join('\n');
};

/** The chains and sets in the kernel that none of the items needs. */
export const unusedIn = (existing: Existing | undefined, items: readonly Item[]): Unused => {
  if (!existing || existing.comment !== tableComment) return { chains: [], sets: [] };
  const wanted = new Set(items.flatMap((item) => (item.kind === 'element' ? [] : [item.name])));
  return {
    chains: [...existing.chains.keys()].filter((name) => !wanted.has(name)),
    sets: [...existing.sets].flatMap(([name, kind]) => (wanted.has(name) ? [] : [{ kind, name, spec: '' }])),
  };
};

/**
 * Chains may refer to one another, so all of them are flushed before the first one is deleted. Then nothing uses the
 * sets.
 */
export const renderRemoval = (family: IpFamily, { chains, sets }: Unused): string => {
  const table = tableOf(family);
  return [
    ...chains.map((name) => `flush chain ${table} ${name}`),
    ...chains.map((name) => `delete chain ${table} ${name}`),
    ...sets.map(({ kind, name }) => `delete ${kind} ${table} ${name}`),
  ].join('\n');
};

/** Renders the commands that leave an empty table, whatever the kernel holds. */
const renderTakeover = (table: string, create: string, existing: Existing): string[] => {
  if (existing.comment !== tableComment) return [`delete table ${table}`, create];
  const emptied = [...existing.sets].filter(([name]) => !name.startsWith(clientsPrefix));
  return [
    ...[...existing.chains.keys()].map((name) => `flush chain ${table} ${name}`),
    ...emptied.map(([name, kind]) => `flush ${kind} ${table} ${name}`),
  ];
};

/** Items that others refer to come first: sets, then chains, then rules, then elements. */
const renderItems = (table: string, items: readonly Item[]): string[] => {
  const chains = items.filter((item): item is Chain => item.kind === 'chain');
  return [
    ...items.filter(isSet).map(({ kind, name, spec }) => `add ${kind} ${table} ${name} { ${spec} }`),
    ...chains.map(({ name, hook }) => `add chain ${table} ${name}${hook === undefined ? '' : ` { ${hook} }`}`),
    // The chain may exist with other rules.
    ...chains.map(({ name }) => `flush chain ${table} ${name}`),
    ...chains.flatMap(({ name, rules }) => rules.map((rule) => `add rule ${table} ${name} ${rule}`)),
    ...renderElements('add', table, items.filter(isElement)),
  ];
};

const renderElements = (verb: 'add' | 'delete', table: string, elements: readonly Element[]): string[] => {
  const lines: string[] = [];
  for (const [set, members] of Map.groupBy(elements, (element) => element.set)) {
    for (let start = 0; start < members.length; start += elementsPerCommand) {
      const texts = members.slice(start, start + elementsPerCommand).map(verb === 'add' ? elementText : keyText);
      lines.push(`${verb} element ${table} ${set} { ${texts.join(', ')} }`);
    }
  }
  return lines;
};

const keyText = ({ key }: Element): string => key;

const elementText = ({ key, value, comment }: Element): string =>
  key + (comment === undefined ? '' : ` comment "${comment}"`) + (value === undefined ? '' : ` : ${value}`);

const isElement = (item: Item): item is Element => item.kind === 'element';

const isSet = (item: Item): item is NamedSet => item.kind === 'set' || item.kind === 'map';
