// Wrong solutions: a node's native nft tables no longer know a service. iptables-nft's own tables are left to rules.ts.
import { json } from '../../../../dataplane/node/json.ts';
import { carries, type Derivation, idsOf, type Mutant, sh } from './mutant.ts';
import type { Subject } from './subjects.ts';

/** `nft -j` commands that delete what names a service, table by table. */
export interface Deletion {
  readonly table: string;
  readonly commands: readonly object[];
}

/** @param names how rules and elements name the service: its address, its node ports */
export const deletionsIn = (nft: string, names: readonly (string | number)[]): readonly Deletion[] => {
  const byTable = new Map<string, object[]>();
  for (const [kind, item] of itemsOf(nft)) {
    const { family, table, name, chain, handle } = item;
    if (/^(raw|mangle|nat|filter|security)$/.test(json.text(table)) && family !== 'inet') continue;
    const commands =
      kind === 'rule' && isNamed(item.expr, names)
        ? [{ delete: { rule: { family, table, chain, handle } } }]
        : kind === 'set' || kind === 'map'
          ? keysOf(item.elem)
              .filter((key) => isNamed(key, names))
              .map((key) => ({ delete: { element: { family, table, name, elem: [key] } } }))
          : [];
    if (commands.length === 0) continue;
    const title = `${json.text(family)} ${json.text(table)}`;
    byTable.set(title, [...(byTable.get(title) ?? []), ...commands]);
  }
  return [...byTable].map(([table, commands]) => ({ table, commands }));
};

const itemsOf = (nft: string): readonly (readonly [string, Record<string, unknown>])[] =>
  nft.trim() === ''
    ? []
    : json
        .array(json.object(JSON.parse(nft)).nftables)
        .flatMap((item) => Object.entries(json.object(item)))
        .map(([kind, value]) => [kind, json.object(value)]);

/** An element of a map is a pair. Comments and counters stand around the key. */
const keysOf = (elements: unknown): readonly unknown[] =>
  json.array(elements).map((element) => {
    const key = Array.isArray(element) ? element[0] : element;
    const { elem } = json.object(key);
    return elem === undefined ? key : json.object(elem).val;
  });

const isNamed = (value: unknown, names: readonly (string | number)[]): boolean =>
  typeof value === 'object' && value !== null
    ? Object.values(value).some((each) => isNamed(each, names))
    : names.includes(value as string | number);

const namesOf = ({ service }: Subject): readonly (string | number)[] => [
  ...(service.spec.clusterIP === undefined || service.spec.clusterIP === 'None' ? [] : [service.spec.clusterIP]),
  ...(service.spec.ports ?? []).flatMap(({ nodePort }) => nodePort ?? []),
];

/** Frozen, kube-proxy does not mend its table. A node of the lab may run none. */
const ifProxy = (commands: string): string => `if systemctl is-active -q kube-proxy; then ${commands}; fi`;
const freeze = ifProxy('systemctl kill --signal=STOP kube-proxy');
const thaw = ifProxy('systemctl kill --signal=CONT kube-proxy; systemctl restart kube-proxy');
const saved = '/run/labs-test-nft';

/** The table as it was, once for several wrong solutions that are tried together. */
const save = ({ table }: Deletion): string => {
  const file = `${saved}-${table.replace(' ', '-')}`;
  return `[ -e ${file} ] || { echo delete table ${table}; nft list table ${table}; } > ${file}`;
};

/** Nothing that the nft tables of a node say about the service is left. */
export const nftOnNodes = (from: Derivation, subject: Subject): readonly Mutant[] =>
  [...from.nft]
    .filter(([, nft]) => deletionsIn(nft, namesOf(subject)).length > 0)
    .map(([node]) => ({
      group: `nft on ${node}`,
      what: from.say.nft(subject.key, node),
      tasks: idsOf(carries(from, subject.key).filter(({ nodesOf }) => nodesOf[subject.key]?.includes(node))),
      services: [subject.key],
      apply: async () => {
        const place = `node/${node}` as const;
        await sh(from.calls, place, freeze);
        const { nft = '' } = await from.calls.facts(place, 'nft');
        const deletions = deletionsIn(nft, namesOf(subject));
        await sh(from.calls, place, deletions.map(save).join('\n'));
        const nftables = deletions.flatMap(({ commands }) => commands);
        await sh(from.calls, place, 'nft -j -f -', JSON.stringify({ nftables }));
      },
      undo: [
        {
          key: `nft of ${node}`,
          run: () =>
            sh(
              from.calls,
              `node/${node}`,
              `for file in ${saved}-*; do [ ! -e "$file" ] || { nft -f "$file" && rm "$file"; }; done; ${thaw}`,
            ),
        },
      ],
    }));
