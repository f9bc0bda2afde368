// Takes out everything of ipvs mode, of both families: addresses of services, virtual servers, rules, sets.
import { createDummyLink } from '../../sys/dummy-link.ts';
import { createIpset, ipsetLack } from '../../sys/ipset.ts';
import { createIpvs } from '../../sys/ipvs.ts';
import type { CleanUpOptions } from '../backend.ts';
import { jumps as iptablesJumps } from '../iptables/build-base.ts';
import type { Existing as ExistingRules } from '../iptables/existing.ts';
import { isInCommon } from '../iptables/names.ts';
import { planRemoval, removeRules } from '../iptables/removal.ts';
import type { IpFamily } from '../types.ts';
import { linkName } from '../view/node-view.ts';
import { jumps } from './build-rules.ts';
import { chain, isOurChain } from './chains.ts';
import { type Existing, isOurs, ofFamily, readSets } from './existing.ts';
import { serviceOption } from './plan.ts';
import { setName } from './sets.ts';

const families = ['IPv4', 'IPv6'] as const;

export const cleanUpIpvs = async (options: CleanUpOptions): Promise<void> => {
  const { signal, log } = options;
  const sets = (await ipsetLack(signal)) === undefined ? await createIpset().save(signal) : '';
  const found = await Promise.all(families.map((family) => look(family, sets, signal)));
  for (const existing of found) await removeServers(existing, signal);
  if (await createDummyLink(linkName).remove(signal))
    log.info(0, 'Removed the addresses of services', { link: linkName });
  // Rules before sets: one that is in use can't be destroyed.
  const plan = (rules: ExistingRules): string | undefined => planCleanup(rules, options.running === 'iptables');
  await removeRules({ mode: 'ipvs', plan, mark: chain.loadBalancer }, options);
  const names = found.flatMap((existing, index) => ourSets(existing, families[index] ?? 'IPv4'));
  await createIpset().restore(
    names.map((name) => `destroy ${name}`),
    signal,
  );
};

const look = async (family: IpFamily, sets: string, signal: AbortSignal): Promise<Existing> => ({
  servers: ofFamily(await createIpvs().list(), family),
  sets: readSets(sets, family),
  addresses: await createDummyLink(linkName).list(family, signal),
});

const removeServers = (existing: Existing, signal: AbortSignal): Promise<void> =>
  createIpvs().restore(
    existing.servers.filter((server) => isOurs(server, existing)).map((server) => `-D ${serviceOption(server)}`),
    signal,
  );

const ourSets = ({ sets }: Existing, family: IpFamily): string[] =>
  [...sets].filter(([, { foreign }]) => !foreign).map(([key]) => setName(key, family));

/**
 * Only where a chain that no other mode has tells of ipvs mode.
 * @param sparesIptables leaves alone what iptables mode has in common with this one; else its rules go, and iptables' own cleanup takes
 *   the chains
 */
export const planCleanup = (existing: ExistingRules, sparesIptables: boolean): string | undefined => {
  const isOwn = (table: string, name: string): boolean => isOurChain(table, name) && !isInCommon(table, name);
  const chains = [...existing.chains].flatMap(([table, names]) => [...names].filter((name) => isOwn(table, name)));
  if (chains.length === 0) return undefined;
  const text = ({ table, chain, text: rule }: (typeof jumps)[number]): string => `${table} ${chain} ${rule}`;
  const others = new Set(iptablesJumps.map(text));
  const own = new Set(jumps.map(text).filter((jump) => !others.has(jump)));
  return planRemoval(existing, {
    isOurs: isOwn,
    isOurJump: (...jump) => own.has(jump.join(' ')),
    isEmptied: (table, name) => !sparesIptables && isInCommon(table, name),
  });
};
