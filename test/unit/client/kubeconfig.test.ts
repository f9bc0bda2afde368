import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadKubeconfig } from '../../../src/node/client/kubeconfig.ts';

const write = (cluster: string, user: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'config');
  const text = `apiVersion: v1
kind: Config
current-context: c
clusters: [{name: k, cluster: ${cluster}}]
users: [{name: u, user: ${user}}]
contexts: [{name: c, context: {cluster: k, user: u}}]
`;
  writeFileSync(path, text);
  writeFileSync(join(folder, 'ca.crt'), 'CA');
  writeFileSync(join(folder, 'token'), 'secret\n');
  return path;
};
const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('embedded certificates are decoded', () => {
  const path = write(
    `{server: "https://192.168.56.10:6443/", certificate-authority-data: ${base64('CA')}}`,
    `{client-certificate-data: ${base64('CERT')}, client-key-data: ${base64('KEY')}}`,
  );
  expect(loadKubeconfig(path)).toEqual({ server: 'https://192.168.56.10:6443', ca: 'CA', cert: 'CERT', key: 'KEY' });
});

test('files are relative to the kubeconfig; the path of the token is kept, not its content', () => {
  const path = write('{server: "https://h:1", certificate-authority: ca.crt}', '{tokenFile: token}');
  expect(loadKubeconfig(path)).toEqual({ server: 'https://h:1', ca: 'CA', tokenFile: join(path, '../token') });
});

test('the error names a missing context', () => {
  const path = write('{server: "https://h:1"}', '{}');
  writeFileSync(path, 'apiVersion: v1\nkind: Config\ncurrent-context: other\n');
  expect(() => loadKubeconfig(path)).toThrow('no context "other"');
});
