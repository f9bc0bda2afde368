// Expands names as a pod's resolver does, and parses dig's answers. Pure. Used by probe.ts.
import { clusterDomain } from '../api/cluster.ts';

// A pod's /etc/resolv.conf: `search default.svc.cluster.local svc.cluster.local cluster.local`, `options ndots:5`.
const searchDomains = [`default.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain];
const ndots = 5;

/** The names to query, in order. The first one that has an address is the result. */
export const candidates = (name: string): readonly string[] => {
  if (name.endsWith('.')) return [name];
  const searched = searchDomains.map((domain) => `${name}.${domain}.`);
  const dots = name.split('.').length - 1;
  return dots >= ndots ? [`${name}.`, ...searched] : [...searched, `${name}.`];
};

/** From the output of `dig +noall +answer`: the addresses of the first name that has any. Follows aliases. */
export const parseAnswers = (output: string, names: readonly string[]): readonly string[] => {
  const records = output
    .split('\n')
    .map((line) => /^(\S+)\s+\d+\s+IN\s+(A|CNAME)\s+(\S+)/.exec(line))
    .filter((match) => match !== null)
    .map(([, owner = '', type = '', value = '']) => ({ owner: owner.toLowerCase(), type, value: value.toLowerCase() }));
  const addresses = (name: string, depth = 0): readonly string[] =>
    records
      .filter(({ owner }) => owner === name.toLowerCase())
      .flatMap(({ type, value }) => (type === 'A' ? [value] : depth < 8 ? addresses(value, depth + 1) : []));
  for (const name of names) {
    const found = [...new Set(addresses(name))];
    if (found.length > 0) return found;
  }
  return [];
};
