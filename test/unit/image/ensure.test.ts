import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ensureImages, imageState, readImageInputs } from '../../../src/host/image/ensure.ts';
import { helperStore } from '../../../src/host/image/helper.ts';
import { imageLabels, nodeImage, rootMarker, storeMarker } from '../../../src/host/image/names.ts';
import { nodeVersion } from '../../../src/host/image/nodejs.ts';
import { rootVolume } from '../../../src/host/plan/names.ts';
import { FakeDocker } from '../../support/fake-docker.ts';

const root = new URL('../../..', import.meta.url).pathname;
const inputs = await readImageInputs(root);
const node = nodeImage(inputs.digests.node);
const marker = storeMarker(inputs.digests.pods);
const kind = (name: string) => ({ [imageLabels.kind]: name });
const rootMark = rootMarker(inputs.digests.node);
const rootFiles = rootVolume(node);
/** Everything that belongs to the node image: itself, and the mark of its volume. */
const nodeImages = { [node]: kind('node'), [rootMark]: kind('root') };

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
/** An engine with all images and volumes. */
const complete = (images: Record<string, Record<string, string>> = {}): FakeDocker => {
  const docker = engine({ ...nodeImages, [marker]: kind('store'), ...images });
  docker.volumeLabels.set('labs-images', {});
  docker.volumeLabels.set(rootFiles, { [imageLabels.volume]: 'root' });
  return docker;
};
const fills = (docker: FakeDocker): number =>
  docker.calls.filter((call) => /^exec labs-helper-\S+ .*tar --one-file-system/s.test(call)).length;
const cacheFolder = mkdtempSync(join(tmpdir(), 'labs-ensure-'));
afterAll(() => rmSync(cacheFolder, { recursive: true }));
writeFileSync(join(cacheFolder, `node-linux-${architecture}-${await nodeVersion(root)}`), 'Node');
const options = (docker: FakeDocker) => ({ docker, root, cacheFolder, variables: {} });

describe('the images that a lab needs', () => {
  test('builds nothing when all images exist', async () => {
    const docker = complete();
    expect(await ensureImages(options(docker))).toEqual({ image: node, made: [] });
    expect(docker.calls).toEqual([]);
  });

  test('builds both when none exists, and keeps only the node image and the markers', async () => {
    const docker = engine({});
    expect(await ensureImages(options(docker))).toEqual({ image: node, made: ['node image', 'pod images'] });
    expect([...docker.imageTags.keys()].sort()).toEqual(['debian:trixie-slim', node, rootMark, marker].sort());
    expect([...docker.containers.keys()]).toEqual([]);
    expect(docker.volumeLabels.get('labs-images')).toEqual({ [imageLabels.volume]: 'images' });
    expect(docker.volumeLabels.get(rootFiles)).toEqual({ [imageLabels.volume]: 'root' });
  });

  test('replaces an image of earlier inputs', async () => {
    const docker = engine({ 'labs/node:old': kind('node'), [marker]: kind('store') });
    docker.volumeLabels.set('labs-images', {});
    expect(await imageState(docker, inputs)).toEqual({ image: node, node: 'outdated', pods: 'present' });
    expect((await ensureImages(options(docker))).made).toEqual(['node image']);
    expect(docker.imageTags.has('labs/node:old')).toBe(false);
  });

  test('fills the store again when its volume is gone, even if the marker exists', async () => {
    const docker = complete();
    docker.volumeLabels.delete('labs-images');
    expect((await ensureImages(options(docker))).made).toEqual(['pod images']);
  });

  test('two calls at the same time build once', async () => {
    const docker = engine({});
    const both = await Promise.all([ensureImages(options(docker)), ensureImages(options(docker))]);
    expect(both.map(({ made }) => made.length).sort()).toEqual([0, 2]);
    expect(docker.calls.filter((call) => call.startsWith('build labs/node'))).toHaveLength(1);
  });

  test('a failure leaves neither a helper nor a marker', async () => {
    const docker = engine(nodeImages);
    docker.volumeLabels.set(rootFiles, {});
    docker.failures.set('exec', new Error('disk trouble'));
    await expect(ensureImages(options(docker))).rejects.toThrow('disk trouble');
    expect([...docker.containers.keys()]).toEqual([]);
    expect(docker.imageTags.has(marker)).toBe(false);
    expect((await ensureImages(options(docker))).made).toEqual(['pod images']);
  });
});

describe('the root file system of the machines', () => {
  test.each([
    ['its volume is gone', (docker: FakeDocker) => docker.volumeLabels.delete(rootFiles)],
    ['nothing says that its volume is complete', (docker: FakeDocker) => docker.imageTags.delete(rootMark)],
  ])('is copied again when %s, from the image that exists', async (_, lose) => {
    const docker = complete();
    lose(docker);
    expect(await imageState(docker, inputs)).toEqual({ image: node, node: 'outdated', pods: 'present' });
    expect((await ensureImages(options(docker))).made).toEqual(['node image']);
    expect(fills(docker)).toBe(1);
    expect(docker.calls.filter((call) => call.startsWith('build '))).toEqual([]);
    expect(await imageState(docker, inputs)).toEqual({ image: node, node: 'present', pods: 'present' });
  });

  test('is copied by a container that reads the new image and writes only the volume', async () => {
    const docker = complete();
    docker.volumeLabels.delete(rootFiles);
    const specs: unknown[] = [];
    const create = docker.create.bind(docker);
    docker.create = (spec, signal) => {
      specs.push(spec);
      return create(spec, signal);
    };
    await ensureImages(options(docker));
    expect(specs).toMatchObject([{ image: node, network: 'none', mounts: [{ source: rootFiles, readOnly: false }] }]);
    expect(docker.containers.size).toBe(0);
  });

  test('is incomplete after a copy that failed or was killed, and the next start empties and fills it', async () => {
    const docker = complete();
    docker.imageTags.delete(rootMark);
    docker.failures.set('exec', new Error('killed'));
    await expect(ensureImages(options(docker))).rejects.toThrow('killed');
    expect(docker.imageTags.has(rootMark)).toBe(false);
    expect(docker.containers.size).toBe(0);
    expect((await ensureImages(options(docker))).made).toEqual(['node image']);
    const copy = docker.calls.findLast((call) => call.startsWith('exec ')) ?? '';
    expect(copy.indexOf(`find ${helperStore} -mindepth 1 -delete`)).toBeGreaterThan(-1);
    expect(copy.indexOf(`find ${helperStore} -mindepth 1 -delete`)).toBeLessThan(copy.indexOf('tar '));
  });

  test('has no mark while it is filled', async () => {
    const docker = complete();
    docker.volumeLabels.delete(rootFiles);
    await ensureImages(options(docker));
    const order = ['remove image', 'exec', 'import'].map((start) =>
      docker.calls.findIndex((call) => call.startsWith(start) && (start === 'exec' || call.endsWith(rootMark))),
    );
    expect(order).not.toContain(-1);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });

  test('of earlier inputs is removed with its image, unless a lab still uses it', async () => {
    const marks = { 'labs/root:old': kind('root'), 'labs/root:used': kind('root') };
    const docker = complete({ 'labs/node:old': kind('node'), ...marks });
    docker.imageTags.delete(rootMark);
    for (const name of ['labs-root-old', 'labs-root-used'])
      await docker.volumes.create(name, { [imageLabels.volume]: 'root' });
    await docker.volumes.create('labs-root-mine', {});
    docker.failures.set('remove volume labs-root-used', new Error('volume is in use'));
    await ensureImages(options(docker));
    expect([...docker.volumeLabels.keys()].sort()).toEqual(
      ['labs-images', rootFiles, 'labs-root-mine', 'labs-root-used'].sort(),
    );
    expect([...docker.imageTags.keys()].filter((tag) => tag.endsWith(':old'))).toEqual([]);
    // Else an older version of labs would empty the volume below the machines.
    expect(docker.imageTags.has('labs/root:used')).toBe(true);
  });
});
