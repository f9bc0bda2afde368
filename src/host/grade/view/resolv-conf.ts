// Reads a pod's /etc/resolv.conf: whom its programs ask for names, and which names they ask for. Pure.
import { isIPv4 } from 'node:net';
import type { SearchList } from '../../../api/probes.ts';

export interface Resolver {
  readonly nameservers: readonly string[];
  readonly search: SearchList;
}

/** The C library's limits: resolv.conf(5). */
const most = { nameservers: 3, ndots: 15 } as const;

/** As the C library reads the file: the last `search` and the last `ndots` count. */
export const parseResolvConf = (text: string): Resolver => {
  const nameservers: string[] = [];
  let domains: readonly string[] = [];
  let ndots = 1;
  for (const line of text.split('\n')) {
    const [keyword = '', ...values] = line.trim().split(/\s+/);
    if (keyword === 'nameserver') nameservers.push(...values.slice(0, 1).filter(isIPv4));
    if (keyword === 'search' || keyword === 'domain') domains = values.filter(isDomain).map(withoutDot);
    if (keyword === 'options') for (const value of values) ndots = ndotsOf(value) ?? ndots;
  }
  return { nameservers: nameservers.slice(0, most.nameservers), search: { domains, ndots } };
};

/** A student may have written anything into the file. The root of all names, `.`, completes nothing. */
const isDomain = (text: string): boolean => /^[\w-][\w.-]*$/.test(text);

const withoutDot = (domain: string): string => domain.replace(/\.$/, '');

const ndotsOf = (option: string): number | undefined => {
  const digits = /^ndots:(\d+)$/.exec(option)?.[1];
  return digits === undefined ? undefined : Math.min(Number(digits), most.ndots);
};
