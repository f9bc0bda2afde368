// nftables mode on this machine: which families it can program, and a backend for each.
import { messageOf } from '../../../kit/error.ts';
import { createNft } from '../../sys/nft.ts';
import { createRulesetState } from '../../sys/ruleset-state.ts';
import type { Mode, ModeContext } from '../backend.ts';
import { localMatch } from '../local-detector.ts';
import type { IpFamily } from '../types.ts';
import { nodePortAddresses } from '../view/node-view.ts';
import { NftablesBackend } from './backend.ts';
import { buildBase } from './build-base.ts';
import { type Item, words } from './model.ts';
import { renderAll } from './render.ts';

/** @throws Error where the machine has no nft, or one or a kernel that lacks what the rules need */
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
      `this machine can't do nftables mode, which needs nft 1.0.1 and Linux 5.13: ${problems.get('IPv4')}`,
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
    nodePortAddresses: answering(family, { config, node }),
  });

/** Unlike in iptables mode, by default only the node's primary address, and never localhost: no route could bring an answer back there. */
const answering = (
  family: IpFamily,
  { config, node }: Pick<ModeContext, 'config' | 'node'>,
): 'all' | readonly string[] => {
  const wanted = config.nodePortAddresses.length === 0 ? ['primary'] : config.nodePortAddresses;
  const addresses = nodePortAddresses(wanted, family, node());
  if (addresses === 'all') return 'all';
  // A node that doesn't say which address of the family is its own answers at all of them.
  if (addresses.length === 0 && wanted.includes('primary')) return 'all';
  return addresses.filter((address) => !/^127\.|^::1$/.test(address));
};
