import { expect, test } from 'vitest';
import { imageLabels } from '../../../src/host/image/names.ts';
import { removeImages } from '../../../src/host/image/remove.ts';
import { imageVolume } from '../../../src/host/plan/names.ts';
import { FakeDocker } from '../../support/fake-docker.ts';

test('removes the images, the store, the root file systems and left helpers, and nothing of the user', async () => {
  const made = { [imageLabels.kind]: 'node' };
  const docker = new FakeDocker({
    images: { 'labs/node:1': made, 'labs/pods:2': made, 'labs/root:1': made, 'nginx:1.27': {} },
  });
  await docker.volumes.create(imageVolume, {});
  await docker.volumes.create('labs-root-1', { [imageLabels.volume]: 'root' });
  await docker.volumes.create('labs-root-2', { [imageLabels.volume]: 'root' });
  await docker.volumes.create('mine', {});
  await docker.create({
    name: 'labs-helper-1',
    image: 'labs/node:1',
    network: 'none',
    labels: { [imageLabels.helper]: 'now' },
  });
  await docker.create({ name: 'web', image: 'nginx:1.27', network: 'none' });
  await removeImages(docker);
  expect([...docker.imageTags.keys()]).toEqual(['nginx:1.27']);
  expect([...docker.volumeLabels.keys()]).toEqual(['mine']);
  expect([...docker.containers.values()].map(({ spec }) => spec.name)).toEqual(['web']);
});
