// `--proxy-mode` → a mode that works on this machine.
import type { ProxyMode } from '../../api/proxy-modes.ts';
import type { Mode, ModeContext } from './backend.ts';
import { openIptables } from './iptables/mode.ts';
import { openIpvs } from './ipvs/mode.ts';
import { openNftables } from './nftables/mode.ts';
import { openUserspace } from './userspace/mode.ts';

type OpenMode = (context: ModeContext) => Promise<Mode>;

const modes: Readonly<Record<ProxyMode, OpenMode>> = {
  iptables: openIptables,
  ipvs: async (context) => (await openIpvs(context)) ?? openIptables(context),
  nftables: openNftables,
  userspace: openUserspace,
};

/** @throws Error where the machine lacks what the mode needs. Only ipvs mode has a substitute: iptables mode. */
export const openMode: OpenMode = (context) => modes[context.config.mode](context);
