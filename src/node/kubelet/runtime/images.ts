// The images that this node's pods can run: a read-only store that all nodes of a lab share.
import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { normaliseReference, type StoredImage } from '../../../api/images.ts';

export interface ImageStore {
  /** @returns undefined when the store does not have the image */
  find(reference: string): Promise<StoredImage | undefined>;
  list(): Promise<StoredImage[]>;
  /** @returns the folder with the image's files */
  rootfs(image: StoredImage): string;
}

export const createImageStore = (folder: string): ImageStore => {
  const rootfs = ({ digest }: StoredImage): string =>
    join(folder, 'blobs', digest.slice(digest.indexOf(':') + 1), 'rootfs');
  const read = async (file: string): Promise<StoredImage | undefined> => {
    try {
      const image = JSON.parse(await readFile(join(folder, 'refs', file), 'utf8')) as StoredImage;
      // The store writes the files before the reference, so a reference without files belongs to a removed image.
      await access(rootfs(image));
      return image;
    } catch {
      return undefined;
    }
  };
  return {
    find: (reference) => read(encodeURIComponent(normaliseReference(reference))),
    async list() {
      const names = await readdir(join(folder, 'refs')).catch(() => []);
      const images = await Promise.all(names.sort().map(read));
      return images.filter((image) => image !== undefined);
    },
    rootfs,
  };
};
