import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { extract, type Header } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { archive, programsRecord } from '../../../src/host/cluster/install.ts';
import { filesFolder, stateFolder } from '../../../src/host/plan/boot.ts';
import type { PlannedFile } from '../../../src/host/plan/types.ts';

const bundles = async (name: string) => Buffer.from(`the bundle ${name}`);

/** Path in the archive → what it has there. */
const unpacked = async (files: readonly PlannedFile[], root?: string) => {
  const reader = extract();
  Readable.from([await archive(files, bundles, root === undefined ? {} : { root })]).pipe(reader);
  const found: Record<string, Pick<Header, 'type' | 'mode' | 'uid' | 'linkname'> & { content: string }> = {};
  for await (const entry of reader) {
    const { name, type, mode, uid, linkname } = entry.header;
    found[name.replace(/\/$/, '')] = { type, mode, uid, linkname, content: (await buffer(entry)).toString() };
  }
  return found;
};

const inLayer = (path: string, mode = 0o644): PlannedFile => ({ path: `${filesFolder}${path}`, mode, content: path });

describe('the archive of the files of a machine', () => {
  test('has contents, bundles and links, each with its mode', async () => {
    const found = await unpacked([
      { path: '/etc/kubernetes/secret.key', mode: 0o600, content: 'key' },
      { path: '/usr/local/lib/labs/kubelet.js', mode: 0o644, bundle: 'node/kubelet.js' },
      { path: '/etc/systemd/system/labs.target.wants/kubelet.service', symlink: '../kubelet.service' },
    ]);
    expect(found['etc/kubernetes/secret.key']).toMatchObject({ type: 'file', mode: 0o600, uid: 0, content: 'key' });
    expect(found['usr/local/lib/labs/kubelet.js']).toMatchObject({ content: 'the bundle node/kubelet.js' });
    expect(found['etc/systemd/system/labs.target.wants/kubelet.service']).toMatchObject({
      ...{ type: 'symlink', linkname: '../kubelet.service' },
    });
  });

  test('leaves the folders of the image as they are, and makes the others', async () => {
    const found = await unpacked([{ path: '/etc/kubernetes/pki/ca.crt', mode: 0o644, content: '' }]);
    expect(Object.keys(found)).toEqual(['etc/kubernetes', 'etc/kubernetes/pki', 'etc/kubernetes/pki/ca.crt']);
    expect(found['etc/kubernetes']).toMatchObject({ type: 'directory', mode: 0o755 });
  });

  test('for a layer of a machine has names below its folder, and each folder of the layer', async () => {
    const found = await unpacked(
      [
        { path: `${stateFolder}/launch`, mode: 0o500, content: '#!/bin/sh' },
        inLayer('/etc/hosts'),
        inLayer('/usr/local/bin/labs'),
      ],
      stateFolder,
    );
    expect(Object.keys(found).sort()).toEqual([
      ...['files', 'files/etc', 'files/etc/hosts', 'files/usr', 'files/usr/local', 'files/usr/local/bin'],
      ...['files/usr/local/bin/labs', 'launch'],
    ]);
  });

  test("keeps root's home closed to others", async () => {
    const found = await unpacked([inLayer('/root/.kube/config', 0o600), inLayer('/etc/hosts')], stateFolder);
    expect(found['files/root']).toMatchObject({ type: 'directory', mode: 0o700 });
    for (const name of ['files', 'files/etc', 'files/root/.kube']) expect(found[name]?.mode).toBe(0o755);
  });
});

test('the record of programs has the digest of each, as it is in the archive', async () => {
  const programs: readonly PlannedFile[] = [
    { path: '/usr/local/lib/labs/kubelet.js', mode: 0o644, bundle: 'node/kubelet.js' },
    { path: '/usr/local/bin/kubelet', mode: 0o755, content: '#!/bin/sh\n' },
  ];
  const record = await programsRecord('node01', programs, bundles);
  expect(record).toMatchObject({ path: '/var/lib/labs-programs/node01.json', mode: 0o600 });
  const digest = (text: string) => createHash('sha256').update(text).digest('hex');
  expect(JSON.parse('content' in record ? record.content : '')).toEqual({
    '/usr/local/lib/labs/kubelet.js': digest('the bundle node/kubelet.js'),
    '/usr/local/bin/kubelet': digest('#!/bin/sh\n'),
  });
});
