// Parses `nft -t list ruleset`, as far as a full sync and the damage check need it.

import type { IpFamily } from '../types.ts';
import { tableOf } from './model.ts';

export interface Existing {
  /** The table's comment; undefined if it has none. */
  readonly comment: string | undefined;
  /** Chain → its rules, as nft prints them. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  readonly sets: ReadonlyMap<string, 'set' | 'map'>;
}

/**
 * @param listing all tables of the family, without elements
 * @returns undefined if the table does not exist
 */
export const readExisting = (listing: string, family: IpFamily): Existing | undefined => {
  const lines = listing.split('\n');
  const start = lines.indexOf(`table ${tableOf(family)} {`);
  if (start === -1) return undefined;
  const chains = new Map<string, string[]>();
  const sets = new Map<string, 'set' | 'map'>();
  let comment: string | undefined;
  let chain: string | undefined;
  for (const line of lines.slice(start + 1)) {
    if (line === '}') break;
    const [, kind, name = ''] = /^\t(chain|set|map) (\S+) \{$/.exec(line) ?? [];
    if (kind === 'chain') {
      chain = name;
      chains.set(name, []);
    } else if (kind === 'set' || kind === 'map') sets.set(name, kind);
    else if (line === '\t}') chain = undefined;
    else if (chain === undefined) comment ??= /^\tcomment "(.*)"$/.exec(line)?.[1];
    else if (/^\t\t(?!type |comment )/.test(line)) chains.get(chain)?.push(line);
  }
  return { comment, chains, sets };
};
