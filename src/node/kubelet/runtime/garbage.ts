// Removes leftovers of a crash or of a node's restart: addresses and namespaces without a sandbox, logs without a pod.
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../../kit/logger.ts';
import { netnsPath } from '../../sys/netns.ts';
import type { Sandbox } from './runtime.ts';

export interface Leftovers {
  /** The pods of this node at the API server. */
  readonly podUids: ReadonlySet<string>;
  readonly sandboxes: readonly Sandbox[];
  readonly logFolder: string;
  readonly netnsInUse: ReadonlySet<string>;
  readonly listNetns: () => Promise<string[]>;
  readonly removeNetns: (name: string) => Promise<void>;
  readonly logger: Logger;
}

/** The default `dataDir` of the CNI plugin host-local. */
const addressFolder = '/var/lib/cni/networks';

export const collectLeftovers = async (leftovers: Leftovers): Promise<void> => {
  await releaseAddresses(leftovers);
  for (const name of await leftovers.listNetns()) {
    if (!name.startsWith('cni-') || leftovers.netnsInUse.has(netnsPath(name))) continue;
    leftovers.logger.info(1, 'Removing an orphaned network namespace', { name });
    await leftovers.removeNetns(name);
  }
  for (const folder of await entries(leftovers.logFolder)) {
    const uid = folder.split('_').at(-1) ?? '';
    if (!leftovers.podUids.has(uid)) await rm(join(leftovers.logFolder, folder), { recursive: true, force: true });
  }
};

/** host-local keeps a file per address. The file's first line is the id of the sandbox that has the address. */
const releaseAddresses = async ({ sandboxes, logger }: Leftovers): Promise<void> => {
  const alive = new Set(sandboxes.map(({ id }) => id));
  for (const network of await entries(addressFolder)) {
    for (const name of await entries(join(addressFolder, network))) {
      if (!/^\d+\.\d+\.\d+\.\d+$/.test(name)) continue;
      const file = join(addressFolder, network, name);
      const holder = (await readFile(file, 'utf8').catch(() => '')).split(/\s/)[0] ?? '';
      if (alive.has(holder)) continue;
      logger.info(2, 'Releasing the address of a removed sandbox', { address: name });
      await rm(file, { force: true });
    }
  }
};

const entries = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
