// Removes everything that this folder made in Docker: the images, their store, and helpers that a killed run left.
import type { Containers } from '../docker/port.ts';
import { imageVolume } from '../plan/names.ts';
import { imageLabels } from './names.ts';

/** Must not run while a lab exists: Docker refuses to remove images and volumes that a container uses. */
export const removeImages = async (docker: Containers, signal?: AbortSignal): Promise<void> => {
  for (const { id } of await docker.list({ [imageLabels.helper]: '' }, signal)) await docker.remove(id, signal);
  await docker.volumes.remove(imageVolume, signal);
  for (const { name } of await docker.volumes.list({ [imageLabels.volume]: 'root' }, signal))
    await docker.volumes.remove(name, signal);
  const images = await docker.images.list({ [imageLabels.kind]: '' }, signal);
  const references = images.flatMap(({ id, tags }) => (tags.length > 0 ? tags : [id]));
  const kept: string[] = [];
  // Docker can't remove an image before the images that were made from it.
  for (const reference of references)
    await docker.images.remove(reference, signal).catch(() => void kept.push(reference));
  for (const reference of kept) await docker.images.remove(reference, signal);
};
