// Opens nftables mode: finds the address families that this machine supports, and makes a backend for each.
import { messageOf } from '../../../kit/error.ts';
import { createNft } from '../../sys/nft.ts';
import { createRulesetState } from '../../sys/ruleset-state.ts';
import type { Mode, ModeContext } from '../backend.ts';
import { localMatch } from '../local-detector.ts';
import type { IpFamily } from '../types.ts';
import { nodePortAddresses } from '../view/machine-addresses.ts';
import { NftablesBackend } from './backend.ts';
import { buildBase } from './build-base.ts';
import { type Item, words } from './model.ts';
import { renderAll } from './render.ts';

/** @throws Error if nft is missing, or if nft or the kernel lacks a needed feature */
export const openNftables = async (context: ModeContext): Promise<Mode> => {
  const { config, log, node, signal } = context;
  const nft = createNft();
  const problems = new Map<IpFamily, string>();
  const probe = async (family: IpFamily): Promise<void> => {
    try {
      await nft.check(`${renderAll(family, baseOf(family, context), undefined)}\n`, signal);
    } catch (error) {
      signal.throwIfAborted();
      problems.set(family, messageOf(error));
    }
  };
  await Promise.all([probe('IPv4'), probe('IPv6')]);
  const families = (['IPv4', 'IPv6'] as const).filter((family) => !problems.has(family));
  if (families.length === 0) {
    throw new Error(
      `this machine does not support nftables mode, which needs nft 1.0.1 and Linux 5.13: ${problems.get('IPv4')}`,
    );
  }
  for (const [ipFamily, err] of problems) log.info(0, 'No nftables support for family', { ipFamily, err });
  log.info(0, 'Using nftables Proxier');
  const masqueradeMark = 2 ** config.masqueradeBit;
  const createBackend = (family: IpFamily): NftablesBackend =>
    new NftablesBackend({
      ...{ family, log, nft, state: createRulesetState(words[family].ip) },
      base: () => baseOf(family, context),
      build: () => {
        const current = node();
        return { family, masqueradeMark, node: current, local: localMatch(config.detectLocal, current, family) };
      },
    });
  return { name: 'nftables', families, createBackend };
};

const baseOf = (family: IpFamily, { config, node }: ModeContext): Item[] =>
  buildBase({
    family,
    masqueradeMark: 2 ** config.masqueradeBit,
    masqueradeAll: config.masqueradeAll,
    local: localMatch(config.detectLocal, node(), family),
    nodePortAddresses: answeringAddresses(family, { config, node }),
  });

/**
 * Unlike iptables mode, the default is only the node's primary address, and never localhost: replies to localhost could
 * not be routed.
 */
const answeringAddresses = (
  family: IpFamily,
  { config, node }: Pick<ModeContext, 'config' | 'node'>,
): 'all' | readonly string[] => {
  const wanted = config.nodePortAddresses.length === 0 ? ['primary'] : config.nodePortAddresses;
  const addresses = nodePortAddresses(wanted, family, node());
  if (addresses === 'all') return 'all';
  // If the Node object has no address of this family, node ports answer on all addresses.
  if (addresses.length === 0 && wanted.includes('primary')) return 'all';
  return addresses.filter((address) => !/^127\.|^::1$/.test(address));
};
