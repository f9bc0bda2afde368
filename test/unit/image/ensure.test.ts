import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ensureImages, imageState, readImageInputs } from '../../../src/host/image/ensure.ts';
import { imageLabels, nodeImage, storeMarker } from '../../../src/host/image/names.ts';
import { nodeVersion } from '../../../src/host/image/nodejs.ts';
import { FakeDocker } from '../../support/fake-docker.ts';

const root = new URL('../../..', import.meta.url).pathname;
const inputs = await readImageInputs(root);
const node = nodeImage(inputs.digests.node);
const marker = storeMarker(inputs.digests.pods);
const kind = (name: string) => ({ [imageLabels.kind]: name });

const copied = ['busybox', 'web', 'db', 'toolbox'].map((name) => `${name} 1000 {"Cmd":["${name}"]}`).join('\n');
/**
 * node_modules has no Node of this version, so the build reads the small file below from the cache instead of 120 MB.
 */
const architecture = 'test';
const engine = (images: Record<string, Record<string, string>>): FakeDocker =>
  new FakeDocker({
    images,
    registry: ['debian:trixie-slim'],
    engine: { architecture },
    exec: (_, command) => ({ stdout: command.join(' ').includes('cp -a /pods') ? copied : '' }),
  });
const cacheFolder = mkdtempSync(join(tmpdir(), 'labs-ensure-'));
afterAll(() => rmSync(cacheFolder, { recursive: true }));
writeFileSync(join(cacheFolder, `node-linux-${architecture}-${await nodeVersion(root)}`), 'Node');
const options = (docker: FakeDocker) => ({ docker, root, cacheFolder, variables: {} });

describe('the images that a lab needs', () => {
  test('builds nothing when all images exist', async () => {
    const docker = engine({ [node]: kind('node'), [marker]: kind('store') });
    docker.volumeLabels.set('labs-images', {});
    expect(await ensureImages(options(docker))).toEqual({ image: node, made: [] });
    expect(docker.calls).toEqual([]);
  });

  test('builds both when none exists, and keeps only the node image and the marker', async () => {
    const docker = engine({});
    expect(await ensureImages(options(docker))).toEqual({ image: node, made: ['node image', 'pod images'] });
    expect([...docker.imageTags.keys()].sort()).toEqual(['debian:trixie-slim', node, marker].sort());
    expect([...docker.containers.keys()]).toEqual([]);
    expect(docker.volumeLabels.get('labs-images')).toEqual({ [imageLabels.volume]: 'images' });
  });

  test('replaces an image of earlier inputs', async () => {
    const docker = engine({ 'labs/node:old': kind('node'), [marker]: kind('store') });
    docker.volumeLabels.set('labs-images', {});
    expect(await imageState(docker, inputs)).toEqual({ image: node, node: 'outdated', pods: 'present' });
    expect((await ensureImages(options(docker))).made).toEqual(['node image']);
    expect(docker.imageTags.has('labs/node:old')).toBe(false);
  });

  test('fills the store again when its volume is gone, even if the marker exists', async () => {
    const docker = engine({ [node]: kind('node'), [marker]: kind('store') });
    expect((await ensureImages(options(docker))).made).toEqual(['pod images']);
  });

  test('two calls at the same time build once', async () => {
    const docker = engine({});
    const both = await Promise.all([ensureImages(options(docker)), ensureImages(options(docker))]);
    expect(both.map(({ made }) => made.length).sort()).toEqual([0, 2]);
    expect(docker.calls.filter((call) => call.startsWith('build labs/node'))).toHaveLength(1);
  });

  test('a failure leaves neither a helper nor a marker', async () => {
    const docker = engine({ [node]: kind('node') });
    docker.failures.set('exec', new Error('disk trouble'));
    await expect(ensureImages(options(docker))).rejects.toThrow('disk trouble');
    expect([...docker.containers.keys()]).toEqual([]);
    expect(docker.imageTags.has(marker)).toBe(false);
    expect((await ensureImages(options(docker))).made).toEqual(['pod images']);
  });
});
