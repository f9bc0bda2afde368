// What is in the kernel already: as much of `iptables-save`'s text as a full sync needs.

export interface Existing {
  /** Names of chains by table. */
  readonly chains: ReadonlyMap<string, ReadonlySet<string>>;
  /** `table CHAIN rule` of all rules in built-in chains; one that is there twice is here twice. */
  readonly builtinRules: readonly string[];
}

/** @param text of `iptables-save`, all tables */
export const readExisting = (text: string): Existing => {
  const chains = new Map<string, Set<string>>();
  const builtinRules: string[] = [];
  let table = '';
  let names = new Set<string>();
  let builtin: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) {
      table = line.slice(1);
      names = new Set();
      builtin = [];
      chains.set(table, names);
    } else if (line.startsWith(':')) {
      const [name = '', policy] = line.slice(1).split(' ', 2);
      names.add(name);
      if (policy !== '-') builtin.push(`-A ${name} `);
    } else if (builtin.some((start) => line.startsWith(start))) builtinRules.push(`${table} ${line.slice(3)}`);
  }
  return { chains, builtinRules };
};
