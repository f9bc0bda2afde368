import { describe, expect, test } from 'vitest';
import type { PodSpec, Volume } from '../../../../src/api/core-pods.ts';
import type { TokenSource } from '../../../../src/node/kubelet/container/sources.ts';
import { volumeFiles } from '../../../../src/node/kubelet/container/volume-files.ts';
import { container, podWith } from '../builders.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const sources = {
  token: ({ audience = 'the API' }: TokenSource) => `token for ${audience}`,
  configMap: (name: string) =>
    name === 'cm' ? { metadata: { name }, data: { a: '1' }, binaryData: { b: base64('2') } } : undefined,
  secret: (name: string) => (name === 'sec' ? { metadata: { name }, data: { key: base64('s3cret') } } : undefined),
};
const pod = podWith({}, { metadata: { labels: { app: 'web' } } });

const allocatable = { cpu: '2', memory: '2Gi' };

const filesOf = (volume: Omit<Volume, 'name'>): string[] =>
  volumeFiles({ name: 'v', ...volume }, { pod, sources, allocatable }).map(
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
      name: 'fields and resources of the pod, with the modes of the items and of the volume',
      volume: {
        downwardAPI: {
          items: [
            { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' }, mode: 0o400 },
            { path: 'cpu', resourceFieldRef: { containerName: 'c', resource: 'limits.cpu', divisor: '1m' } },
          ],
          defaultMode: 0o444,
        },
      },
      want: ['labels 400 app="web"', 'cpu 444 2000'],
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

describe('a token', () => {
  const tokenOf = (spec: Partial<PodSpec>) => {
    const volume = { name: 'v', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } };
    const [file] = volumeFiles(volume, { pod: podWith(spec), sources, allocatable });
    return { mode: file?.mode, uid: file?.uid };
  };

  test('can be read by everybody, unless the pod names the user or the group of its volumes', () => {
    expect(tokenOf({})).toEqual({ mode: 0o644, uid: undefined });
    expect(tokenOf({ securityContext: { fsGroup: 2000 } })).toEqual({ mode: 0o600, uid: undefined });
    expect(tokenOf({ securityContext: { runAsUser: 1000 } })).toEqual({ mode: 0o600, uid: 1000 });
  });

  test('belongs to no user if the containers of the pod run as different users', () => {
    const containers = [1, 2].map((runAsUser) => container({ name: `c${runAsUser}`, securityContext: { runAsUser } }));
    expect(tokenOf({ containers })).toEqual({ mode: 0o644, uid: undefined });
  });
});

test('labels and annotations are quoted as by Go', () => {
  const annotations = { b: 'line\nbreak\tand "quotes" \\', a: 'café \u0001\u00a0\u{1F680}' };
  const downwardAPI = { items: [{ path: 'x', fieldRef: { fieldPath: 'metadata.annotations' } }] };
  const context = { pod: podWith({}, { metadata: { annotations } }), sources, allocatable };
  const [file] = volumeFiles({ name: 'v', downwardAPI }, context);
  expect(String(file?.content).split('\n')).toEqual([
    'a="café \\x01\\u00a0\u{1F680}"',
    'b="line\\nbreak\\tand \\"quotes\\" \\\\"',
  ]);
});
