// The pod images that this node can run: those in the shared, read-only store.
import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { normaliseReference, type StoredImage } from '../../../api/images.ts';

export interface ImageStore {
  /** Undefined when the store doesn't hold the image (yet). */
  find(reference: string): Promise<StoredImage | undefined>;
  list(): Promise<StoredImage[]>;
  rootfs(image: StoredImage): string;
}

export const createImageStore = (folder: string): ImageStore => {
  const rootfs = ({ digest }: StoredImage): string =>
    join(folder, 'blobs', digest.slice(digest.indexOf(':') + 1), 'rootfs');
  const read = async (file: string): Promise<StoredImage | undefined> => {
    try {
      const image = JSON.parse(await readFile(join(folder, 'refs', file), 'utf8')) as StoredImage;
      // A reference is written after its files; one whose files are gone is no image.
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
