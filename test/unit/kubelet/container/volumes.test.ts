import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Pod, PodSpec, Volume, VolumeMount } from '../../../../src/api/core-pods.ts';
import { expandAll } from '../../../../src/node/kubelet/container/env.ts';
import {
  type MountMemory,
  syncVolumes,
  volumeMounts,
  volumePath,
} from '../../../../src/node/kubelet/container/volumes.ts';
import { container, podWith } from '../builders.ts';

const folder = mkdtempSync(join(tmpdir(), 'labs-volumes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const allocatable = { cpu: '2', memory: '2Gi' };
let data: Record<string, string> = { a: '1', b: '2' };
const sources = {
  token: () => 'token',
  configMap: (name: string) => ({ metadata: { name }, data }),
  secret: (name: string) => (name === 'there' ? { metadata: { name }, data: { key: 'dmFsdWU=' } } : undefined),
};

/** The folders that would be mounted, and their sizes. */
const inMemory = new Map<string, number>();
const mountMemory: MountMemory = async (path, size) => {
  expect(statSync(path).isDirectory()).toBe(true);
  inMemory.set(path, size);
};

let serial = 0;
/** Makes the volumes of a pod. @returns the pod, and the folder of its first volume */
const setUp = async (volume: Omit<Volume, 'name'>, spec: Partial<PodSpec> = {}) => {
  serial += 1;
  const first = { name: 'v', ...volume };
  const pod = podWith({ ...spec, volumes: [first] }, { metadata: { uid: `uid-${serial}` } });
  await syncVolumes(folder, { pod, sources, allocatable }, mountMemory);
  return { pod, path: volumePath(folder, pod, first) };
};
const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8);
const mountsOf = (pod: Pod, mount: Partial<VolumeMount>, env: Record<string, string> = {}) =>
  volumeMounts(folder, pod, container({ volumeMounts: [{ name: 'v', mountPath: '/data', ...mount }] }), (text) =>
    expandAll(text, new Map(Object.entries(env))),
  );

describe('a volume', () => {
  test.each<[where: string, volume: Omit<Volume, 'name'>, size: number | undefined]>([
    ['memory', { secret: { secretName: 'there' } }, 2 ** 31],
    ['memory', { projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }, 2 ** 31],
    ['memory', { downwardAPI: { items: [{ path: 'n', fieldRef: { fieldPath: 'metadata.name' } }] } }, 2 ** 31],
    ['memory', { emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }, 2 ** 20],
    ['disk', { configMap: { name: 'cm' } }, undefined],
    ['disk', { emptyDir: {} }, undefined],
  ])('lies in %s: %j', async (_where, volume, size) => {
    const { path } = await setUp(volume);
    expect(inMemory.get(path)).toBe(size);
  });

  test('of files changes as a whole, and loses the files of removed keys', async () => {
    const { pod, path } = await setUp({ configMap: { name: 'cm' } });
    expect(readFileSync(join(path, 'a'), 'utf8')).toBe('1');
    data = { a: '3' };
    await syncVolumes(folder, { pod, sources, allocatable }, mountMemory);
    expect(readFileSync(join(path, 'a'), 'utf8')).toBe('3');
    expect(existsSync(join(path, 'b'))).toBe(false);
  });

  test('changes after a kubelet was killed during an update, and keeps no folder of that update', async () => {
    data = { a: '1' };
    const { pod, path } = await setUp({ configMap: { name: 'cm' } });
    mkdirSync(join(path, '..half'));
    symlinkSync('..half', join(path, '..data_tmp'));
    data = { a: '2' };
    await syncVolumes(folder, { pod, sources, allocatable }, mountMemory);
    expect(readFileSync(join(path, 'a'), 'utf8')).toBe('2');
    const hidden = readdirSync(path).filter((name) => name.startsWith('..'));
    expect(hidden.sort()).toEqual(['..data', readlinkSync(join(path, '..data'))].sort());
  });

  test('changes even if another volume of the pod cannot be set up any more', async () => {
    data = { a: '1' };
    const { pod, path } = await setUp({ configMap: { name: 'cm' } });
    const volumes = [{ name: 'gone', secret: { secretName: 'gone' } }, ...(pod.spec.volumes ?? [])];
    data = { a: '2' };
    const broken = { ...pod, spec: { ...pod.spec, volumes } };
    await expect(syncVolumes(folder, { pod: broken, sources, allocatable }, mountMemory)).rejects.toThrow(
      'secret "gone" not found',
    );
    expect(readFileSync(join(path, 'a'), 'utf8')).toBe('2');
  });

  test('belongs to the pod’s fsGroup, which may write to an emptyDir and read files', async () => {
    const fsGroup = process.getgid?.() ?? 0;
    const empty = await setUp({ emptyDir: {} }, { securityContext: { fsGroup } });
    expect(modeOf(empty.path)).toBe('2777');
    const configMap = { name: 'cm', defaultMode: 0o400 };
    const files = await setUp({ configMap }, { securityContext: { fsGroup } });
    expect(modeOf(join(files.path, 'a'))).toBe('440');
    expect(statSync(join(files.path, 'a')).gid).toBe(fsGroup);
  });

  test('of an emptyDir keeps its permissions when the kubelet looks at it again', async () => {
    const { pod, path } = await setUp({ emptyDir: {} });
    expect(modeOf(path)).toBe('777');
    rmSync(path, { recursive: true });
    mkdirSync(path, { mode: 0o700 });
    await syncVolumes(folder, { pod, sources, allocatable }, mountMemory);
    expect(modeOf(path)).toBe('700');
  });

  test.each([
    {
      volume: { persistentVolumeClaim: { claimName: 'none' } },
      says: 'failed to fetch PVC from API server: persistentvolumeclaims "none" not found',
    },
    { volume: { emptyDir: { medium: 'Tape' } }, says: 'unknown storage medium "Tape"' },
    { volume: { emptyDir: { medium: 'HugePages-2Mi' } }, says: 'nodes have no huge pages' },
    { volume: { nfs: { server: 'x', path: '/' } }, says: 'no volume plugin matched' },
  ])('that the kubelet cannot set up makes the pod wait: $says', async ({ volume, says }) => {
    await expect(setUp(volume as Omit<Volume, 'name'>)).rejects.toThrow(says);
  });
});

describe('a hostPath', () => {
  const [directory, file, socket] = ['dir', 'file', 'socket'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(directory);
  writeFileSync(file, 'x');

  test.each([
    { type: 'Directory', path: file, says: `${file} is not a directory` },
    { type: 'Directory', path: `${folder}/none`, says: `${folder}/none is not a directory` },
    { type: 'DirectoryOrCreate', path: file, says: `${file} is not a directory` },
    { type: 'File', path: directory, says: `${directory} is not a file` },
    { type: 'FileOrCreate', path: directory, says: `${directory} is not a file` },
    { type: 'Socket', path: file, says: `${file} is not a socket file` },
    { type: 'CharDevice', path: file, says: `${file} is not a character device` },
    { type: 'BlockDevice', path: '/dev/null', says: '/dev/null is not a block device' },
  ])('of the type $type is refused: $says', async ({ type, path, says }) => {
    const what = `MountVolume.SetUp failed for volume "v" : hostPath type check failed: ${says}`;
    await expect(setUp({ hostPath: { path, type } })).rejects.toThrow(what);
  });

  test('is accepted if the path is of the type', async () => {
    const server = createServer().listen(socket);
    await new Promise((resolve) => server.once('listening', resolve));
    await setUp({ hostPath: { path: socket, type: 'Socket' } });
    server.close();
    await setUp({ hostPath: { path: '/dev/null', type: 'CharDevice' } });
    await setUp({ hostPath: { path: file, type: 'File' } });
    expect((await setUp({ hostPath: { path: directory, type: 'Directory' } })).path).toBe(directory);
  });

  test('is made if the type says so, or if there is no type', async () => {
    await setUp({ hostPath: { path: `${folder}/new/dir`, type: 'DirectoryOrCreate' } });
    expect(modeOf(`${folder}/new/dir`)).toBe('755');
    await setUp({ hostPath: { path: `${folder}/new/file`, type: 'FileOrCreate' } });
    expect(modeOf(`${folder}/new/file`)).toBe('644');
    await setUp({ hostPath: { path: `${folder}/new/any` } });
    expect(statSync(`${folder}/new/any`).isDirectory()).toBe(true);
    const orphan = { path: `${folder}/no/such/file`, type: 'FileOrCreate' };
    await expect(setUp({ hostPath: orphan })).rejects.toThrow('no such file or directory');
  });
});

describe('a subPath', () => {
  test('is made with the volume’s permissions, and may have variables', async () => {
    const { pod, path } = await setUp({ emptyDir: {} });
    const [mount] = await mountsOf(pod, { subPathExpr: 'logs/$(POD)' }, { POD: 'web-0' });
    expect(mount).toEqual({ source: join(path, 'logs/web-0'), target: '/data', readOnly: false });
    expect(modeOf(join(path, 'logs/web-0'))).toBe('777');
  });

  test('of a volume of files is the file itself', async () => {
    const { pod, path } = await setUp({ configMap: { name: 'cm' } });
    const [mount] = await mountsOf(pod, { subPath: 'a' });
    expect(mount?.source).toMatch(new RegExp(`^${path}/\\.\\.\\d.*/a$`));
    expect(mount?.readOnly).toBe(true);
  });

  test('does not follow a link out of the volume', async () => {
    const { pod, path } = await setUp({ emptyDir: {} });
    symlinkSync('/etc', join(path, 'out'));
    symlinkSync('none', join(path, 'dangling'));
    const says = 'failed to prepare subPath for volumeMount "v" of container "c"';
    for (const subPath of ['out', 'out/ssl', 'dangling']) {
      await expect(mountsOf(pod, { subPath })).rejects.toThrow(says);
    }
    await expect(mountsOf(pod, { subPath: '../other' })).rejects.toThrow("must not contain '..'");
    await expect(mountsOf(pod, { subPath: '/etc' })).rejects.toThrow('must not be an absolute path');
    await expect(mountsOf(pod, { subPathExpr: '$(NONE)' })).rejects.toThrow('missing value for "NONE"');
  });

  test('follows a link inside the volume', async () => {
    const { pod, path } = await setUp({ emptyDir: {} });
    mkdirSync(join(path, 'real'));
    symlinkSync('real', join(path, 'link'));
    expect((await mountsOf(pod, { subPath: 'link/below' }))[0]?.source).toBe(join(path, 'real/below'));
  });
});
