import { describe, expect, test } from 'vitest';
import type { Volume } from '../../../../src/api/core.ts';
import type { TokenSource } from '../../../../src/node/kubelet/container/sources.ts';
import { volumeFiles } from '../../../../src/node/kubelet/container/volume-files.ts';
import { podWith } from '../builders.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const sources = {
  token: ({ audience = 'the API' }: TokenSource) => `token for ${audience}`,
  configMap: (name: string) =>
    name === 'cm' ? { metadata: { name }, data: { a: '1' }, binaryData: { b: base64('2') } } : undefined,
  secret: (name: string) => (name === 'sec' ? { metadata: { name }, data: { key: base64('s3cret') } } : undefined),
};
const pod = podWith({}, { metadata: { labels: { app: 'web' } } });

const filesOf = (volume: Omit<Volume, 'name'>): string[] =>
  volumeFiles({ name: 'v', ...volume }, { pod, hostIp: '192.168.56.11', sources }).map(
    ({ path, content, mode }) => `${path} ${mode.toString(8)} ${content}`,
  );

describe('the files of a volume', () => {
  test.each([
    { name: 'every key of a ConfigMap', volume: { configMap: { name: 'cm' } }, want: ['a 644 1', 'b 644 2'] },
    {
      name: 'every key of a Secret, with the default mode',
      volume: { secret: { secretName: 'sec', defaultMode: 0o400 } },
      want: ['key 400 s3cret'],
    },
    {
      name: 'the listed items, under their own path and mode',
      volume: { configMap: { name: 'cm', items: [{ key: 'a', path: 'dir/x', mode: 0o600 }] } },
      want: ['dir/x 600 1'],
    },
    {
      name: 'the tokens of a projected volume',
      volume: {
        projected: {
          sources: [
            { serviceAccountToken: { path: 'token' } },
            { serviceAccountToken: { path: 'vault/token', audience: 'vault' } },
          ],
          defaultMode: 0o440,
        },
      },
      want: ['token 440 token for the API', 'vault/token 440 token for vault'],
    },
    {
      name: 'none for a missing optional Secret',
      volume: { secret: { secretName: 'none', optional: true } },
      want: [],
    },
    {
      name: 'the files of all sources of a projected volume',
      volume: {
        projected: {
          sources: [
            { configMap: { name: 'cm', items: [{ key: 'a', path: 'a' }] } },
            { secret: { name: 'sec' } },
            { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
          ],
        },
      },
      want: ['a 644 1', 'key 644 s3cret', 'name 644 web'],
    },
  ])('are $name', ({ volume, want }) => expect(filesOf(volume)).toEqual(want));

  test.each([
    { volume: { configMap: { name: 'none' } }, says: 'configmap "none" not found' },
    { volume: { secret: { secretName: 'none' } }, says: 'secret "none" not found' },
    {
      volume: { configMap: { name: 'cm', items: [{ key: 'z', path: 'z' }] } },
      says: 'configmap "cm" references non-existent config key: z',
    },
  ])('are refused: $says', ({ volume, says }) => expect(() => filesOf(volume)).toThrow(says));
});
