// Removes a student's rules from a node, whatever tool wrote them: each rule and element that contains a value.
import type { LabHandle } from 'kube-network-labs/lab';

type Value = string | number;

/** @param values addresses and ports. A rule that contains one of them goes, and an address of `lo`. Others stay. */
export const forget = async (lab: LabHandle, node: string, values: readonly Value[]): Promise<void> => {
  const addresses = values.filter((value) => String(value).includes('.'));
  for (const address of addresses) await lab.node(node).$`ip address del ${address}/32 dev lo 2>/dev/null`.nothrow();
  await forgetIptables(lab, node, (rule) => values.some((value) => wordOf(value).test(rule)));
  await forgetNft(lab, node, (part) => values.some((value) => contains(part, value)));
};

/** Removes all rules that change the source of packets, except those of CNI plugins. */
export const forgetMasquerading = async (lab: LabHandle, node: string): Promise<void> => {
  const kinds = /-j (MASQUERADE|SNAT)\b|^-A POSTROUTING\b/;
  await forgetIptables(lab, node, (rule) => kinds.test(rule) && !rule.includes('CNI-'));
  await forgetNft(lab, node, (part) => /"(masquerade|snat)":/.test(JSON.stringify(part)));
};

const wordOf = (value: Value): RegExp => new RegExp(`(^|[^\\d.])${String(value).replaceAll('.', '\\.')}(?![\\d.])`);

const forgetIptables = async (lab: LabHandle, node: string, isWanted: (rule: string) => boolean): Promise<void> => {
  const { $ } = lab.node(node);
  for (const program of ['iptables', 'iptables-legacy']) {
    const saved = await $`${program}-save 2>/dev/null`.nothrow();
    const lines = saved.stdout
      .split('\n')
      .filter((line) => /^(\*|COMMIT)/.test(line) || (line.startsWith('-A') && isWanted(line)))
      .map((line) => line.replace(/^-A/, '-D'));
    if (lines.some((line) => line.startsWith('-D')))
      await $({ input: `${lines.join('\n')}\n` })`${program}-restore --noflush`;
  }
};

interface Listed {
  readonly rule?: { readonly family: string; readonly table: string; readonly chain: string; readonly handle: number };
  readonly set?: NamedSet;
  readonly map?: NamedSet;
}

interface NamedSet {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly elem?: readonly unknown[];
}

const forgetNft = async (lab: LabHandle, node: string, isWanted: (part: unknown) => boolean): Promise<void> => {
  const { $ } = lab.node(node);
  const { nftables } = await $`nft -j list ruleset`.json<{ readonly nftables: readonly Listed[] }>();
  const commands = nftables.flatMap(({ rule, set, map }): readonly object[] => {
    if (rule && isWanted(rule)) {
      const { family, table, chain, handle } = rule;
      return [{ delete: { rule: { family, table, chain, handle } } }];
    }
    const named = set ?? map;
    const elem = (named?.elem ?? []).filter(isWanted);
    if (named === undefined || elem.length === 0) return [];
    const { family, table, name } = named;
    return [{ delete: { element: { family, table, name, elem: map ? elem.map(keyOfElement) : elem } } }];
  });
  if (commands.length > 0) await $({ input: JSON.stringify({ nftables: commands }) })`nft -j -f -`;
};

/** An element of a map is listed as its key and its value. */
const keyOfElement = (element: unknown): unknown => (Array.isArray(element) ? element[0] : element);

const contains = (part: unknown, value: Value): boolean =>
  part === value ||
  (typeof part === 'object' && part !== null && Object.values(part).some((each) => contains(each, value)));
