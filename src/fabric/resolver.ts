// Expands names as a pod's resolver does, and parses dig's answers. Pure. Used by probe.ts.
import { clusterDomain } from '../api/cluster.ts';
import type { RecordType, SearchList } from '../api/probes.ts';

/** What the kubelet writes for a pod in the namespace `default`. */
const usual: SearchList = {
  domains: [`default.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain],
  ndots: 5,
};

/** The names to query, in order. The first one that has a record is the result. */
export const candidates = (name: string, { domains, ndots }: SearchList = usual): readonly string[] => {
  if (name.endsWith('.')) return [name];
  const searched = domains.map((domain) => `${name}.${domain}.`);
  const dots = name.split('.').length - 1;
  return dots >= ndots ? [`${name}.`, ...searched] : [...searched, `${name}.`];
};

export interface Answers {
  readonly values: readonly string[];
  /** The place in `names` of the first one that has any, from 1. */
  readonly tries: number;
}

/**
 * From the output of `dig +noall +answer`: the records of the first name that has any. Addresses are found through
 * aliases.
 */
export const parseAnswers = (
  output: string,
  names: readonly string[],
  wanted: RecordType = 'A',
): Answers | undefined => {
  const records = output
    .split('\n')
    .map((line) => /^(\S+)\s+\d+\s+IN\s+(A|CNAME|SRV)\s+(\S.*)/.exec(line))
    .filter((match) => match !== null)
    .map(([, owner = '', type = '', value = '']) => ({
      owner: owner.toLowerCase(),
      type,
      value: value.trim().toLowerCase(),
    }));
  const valuesOf = (name: string, depth = 0): readonly string[] =>
    records
      .filter(({ owner }) => owner === name.toLowerCase())
      .flatMap(({ type, value }) => {
        if (type === wanted) return [shown[wanted](value)];
        return type === 'CNAME' && depth < 8 ? valuesOf(value, depth + 1) : [];
      });
  for (const [index, name] of names.entries()) {
    const values = [...new Set(valuesOf(name))];
    if (values.length > 0) return { values, tries: index + 1 };
  }
  return undefined;
};

const withoutDot = (name: string): string => name.replace(/\.$/, '');

const shown: Readonly<Record<RecordType, (value: string) => string>> = {
  A: (value) => value,
  CNAME: withoutDot,
  SRV: (value) => {
    const [, , port = '', target = ''] = value.split(/\s+/);
    return `${withoutDot(target)}:${port}`;
  },
};
