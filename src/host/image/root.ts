// The root file system of all machines: the files of the node image, in a volume. The kernel can show the files of a
// volume under other owners (mount_setattr(2), MOUNT_ATTR_IDMAP), but not those of a container's root file system.
import { rootVolume } from '../plan/names.ts';
import { helperStore, withStore } from './helper.ts';
import type { StoreOptions } from './store.ts';

/** Copies the node image into its volume. Takes 4 s. Can be repeated. */
export const fillRoot = async (options: StoreOptions): Promise<void> => {
  options.onProgress?.('Copying the node image for the machines');
  const volume = { name: rootVolume(options.image), kind: 'root' };
  await withStore({ ...options, volume }, async (helper) => {
    await helper.run(copyRoot, []);
  });
};

/** Other file systems, such as /proc and the files that Docker mounts over /etc/hosts, stay out. */
const copyRoot = `
find ${helperStore} -mindepth 1 -delete
tar --one-file-system --create --file - --directory / --exclude=.${helperStore} --exclude=./.dockerenv . |
  tar --extract --preserve-permissions --file - --directory ${helperStore}
for file in hosts hostname resolv.conf; do : > ${helperStore}/etc/$file; done
`;
