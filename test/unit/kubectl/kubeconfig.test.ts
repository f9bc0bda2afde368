import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  type Access,
  addTo,
  credentialsIn,
  kubeconfigOf,
  removeFrom,
  targetIn,
} from '../../../src/host/kubectl/kubeconfig.ts';

const access: Access = {
  ...{ lab: 'x', server: 'https://127.0.0.1:20001', instance: 'i1' },
  ...{ authority: 'Y2E=', certificate: 'Y2VydA==', key: 'a2V5' },
};

const mine = `# my clusters
apiVersion: v1
kind: Config
clusters:
  - name: work # do not touch
    cluster: { server: https://work:6443 }
users:
  - name: me
    user: { token: abc }
contexts:
  - name: work
    context: { cluster: work, user: me }
current-context: work
`;

describe('adding a lab to a kubeconfig', () => {
  test('keeps the other entries and their comments, and makes the lab current', () => {
    const { text, previous } = addTo(mine, access, 'f');
    expect(previous).toBe('work');
    expect(text).toContain('# my clusters');
    expect(text).toContain('- name: work # do not touch');
    const config = parse(text);
    expect(config['current-context']).toBe('labs-x');
    expect(config.clusters.map(({ name }: { name: string }) => name)).toEqual(['work', 'labs-x']);
    expect(config.users[1]).toEqual({
      name: 'labs-x',
      user: { 'client-certificate-data': 'Y2VydA==', 'client-key-data': 'a2V5' },
    });
  });

  test.each([
    ['an empty file', ''],
    ['empty lists', 'apiVersion: v1\nkind: Config\nclusters: []\nusers: []\ncontexts: []\ncurrent-context: ""\n'],
    ['lists that are null', 'apiVersion: v1\nkind: Config\nclusters: null\nusers: null\ncontexts: null\n'],
    ['JSON', '{"apiVersion":"v1","kind":"Config","clusters":[],"users":[],"contexts":[]}'],
  ])('works with %s', (_, text) => {
    const config = parse(addTo(text, access, 'f').text);
    expect(config).toMatchObject(kubeconfigOf(access));
  });

  test('a second time replaces server and certificates, and keeps the namespace that the user chose', () => {
    const first = addTo(mine, access, 'f').text;
    const chosen = first.replace('user: labs-x', 'user: labs-x\n      namespace: shop');
    const config = parse(addTo(chosen, { ...access, server: 'https://127.0.0.1:20002', key: 'bmV3' }, 'f').text);
    expect(config.clusters).toHaveLength(2);
    expect(config.clusters[1].cluster.server).toBe('https://127.0.0.1:20002');
    expect(config.users[1].user['client-key-data']).toBe('bmV3');
    expect(config.contexts[1].context).toEqual({ cluster: 'labs-x', user: 'labs-x', namespace: 'shop' });
  });

  test.each(['clusters: {}', 'a: [', '- 1', 'just text'])('refuses "%s" with the name of the file', (text) => {
    expect(() => addTo(text, access, '/home/me/config')).toThrow('/home/me/config is not a valid kubeconfig');
  });
});

describe('taking a lab out of a kubeconfig', () => {
  test('restores the text of before', () => {
    const { text, previous } = addTo(mine, access, 'f');
    expect(parse(removeFrom(text, 'x', previous, 'f'))).toEqual(parse(mine));
    expect(removeFrom(text, 'x', previous, 'f')).toContain('- name: work # do not touch');
  });

  test('leaves the current context alone if the user has chosen another one', () => {
    const text = addTo(mine, access, 'f').text.replace('current-context: labs-x', 'current-context: other');
    expect(parse(removeFrom(text, 'x', 'work', 'f'))['current-context']).toBe('other');
  });

  test('leaves no current context if the former one is gone', () => {
    const { text } = addTo('', access, 'f');
    expect(parse(removeFrom(text, 'x', 'gone', 'f'))).toMatchObject({ clusters: [], 'current-context': '' });
  });
});

test('tells which cluster a kubeconfig leads to', () => {
  const { text } = addTo(mine, access, 'f');
  expect(targetIn(text, 'x')).toEqual({ server: 'https://127.0.0.1:20001', instance: 'i1' });
  expect(targetIn(text, 'y')).toBeUndefined();
  expect(targetIn('', 'x')).toBeUndefined();
});

test('takes the credentials from the kubeconfig of the administrator', () => {
  const { authority, certificate, key } = credentialsIn(JSON.stringify(kubeconfigOf(access)));
  expect([authority, certificate, key]).toEqual(['Y2E=', 'Y2VydA==', 'a2V5']);
});
