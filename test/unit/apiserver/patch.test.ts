import { describe, expect, test } from 'vitest';
import { applyJsonPatch } from '../../../src/node/apiserver/patch/json.ts';
import { applyMergePatch } from '../../../src/node/apiserver/patch/merge.ts';
import { applyStrategicPatch } from '../../../src/node/apiserver/patch/strategic.ts';

describe('a JSON patch', () => {
  test.each([
    { name: 'adds into a list', patch: [{ op: 'add', path: '/list/1', value: 9 }], want: { list: [1, 9, 2], map: {} } },
    { name: 'appends', patch: [{ op: 'add', path: '/list/-', value: 9 }], want: { list: [1, 2, 9], map: {} } },
    { name: 'removes', patch: [{ op: 'remove', path: '/list/0' }], want: { list: [2], map: {} } },
    {
      name: 'unescapes keys',
      patch: [{ op: 'add', path: '/map/a~1b', value: 1 }],
      want: { list: [1, 2], map: { 'a/b': 1 } },
    },
    { name: 'moves', patch: [{ op: 'move', from: '/list/0', path: '/map/x' }], want: { list: [2], map: { x: 1 } } },
  ])('$name', ({ patch, want }) => {
    expect(applyJsonPatch({ list: [1, 2], map: {} }, patch)).toEqual(want);
  });

  test.each([
    { name: 'a missing path', patch: [{ op: 'replace', path: '/none/x', value: 1 }], says: 'does not exist' },
    { name: 'a failed test', patch: [{ op: 'test', path: '/list/0', value: 5 }], says: 'testing value /list/0 failed' },
    { name: 'a patch that is no list', patch: { op: 'add' }, says: 'must be a list' },
  ])('is refused for $name', ({ patch, says }) => {
    expect(() => applyJsonPatch({ list: [1] }, patch)).toThrow(says);
  });
});

test('a merge patch removes fields that are null, merges objects and replaces lists', () => {
  const document = { a: { b: 1, c: 2 }, list: [1, 2] };
  expect(applyMergePatch(document, { a: { b: null, d: 3 }, list: [9] })).toEqual({ a: { c: 2, d: 3 }, list: [9] });
  expect(document).toEqual({ a: { b: 1, c: 2 }, list: [1, 2] });
});

describe('a strategic merge patch', () => {
  const pod = {
    metadata: { finalizers: ['a', 'b'] },
    spec: {
      containers: [
        { name: 'web', image: 'web', env: [{ name: 'A', value: '1' }] },
        { name: 'side', image: 'side' },
      ],
    },
  };
  const patched = (patch: object) => applyStrategicPatch('core.v1.Pod', pod, patch) as typeof pod;

  test('merges list items by their key', () => {
    const { spec } = patched({ spec: { containers: [{ name: 'web', env: [{ name: 'B', value: '2' }] }] } });
    expect(spec.containers).toEqual([
      {
        name: 'web',
        image: 'web',
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ],
      },
      { name: 'side', image: 'side' },
    ]);
  });

  test('deletes an item by directive', () => {
    const { spec } = patched({ spec: { containers: [{ name: 'side', $patch: 'delete' }] } });
    expect(spec.containers.map(({ name }) => name)).toEqual(['web']);
  });

  test('replaces a list by directive', () => {
    const { spec } = patched({ spec: { containers: [{ $patch: 'replace' }, { name: 'new', image: 'x' }] } });
    expect(spec.containers).toEqual([{ name: 'new', image: 'x' }]);
  });

  test('adds to and removes from a list of strings', () => {
    const { metadata } = patched({ metadata: { finalizers: ['c'], '$deleteFromPrimitiveList/finalizers': ['a'] } });
    expect(metadata.finalizers).toEqual(['b', 'c']);
  });

  test('sorts items by $setElementOrder', () => {
    const { spec } = patched({ spec: { '$setElementOrder/containers': [{ name: 'side' }, { name: 'web' }] } });
    expect(spec.containers.map(({ name }) => name)).toEqual(['side', 'web']);
  });

  test('keeps only what $retainKeys names', () => {
    const deployment = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } };
    const patch = { spec: { strategy: { type: 'Recreate', $retainKeys: ['type'] } } };
    expect(applyStrategicPatch('apps.v1.Deployment', deployment, patch)).toEqual({
      spec: { strategy: { type: 'Recreate' } },
    });
  });

  test.each<[patch: object, problem: string]>([
    [{ spec: { containers: [{ name: 'web', $patch: 'remove' }] } }, 'unknown patch type found: "remove"'],
    [{ spec: { containers: [{ name: 'new', env: [{ name: 'A', $patch: 'x' }] }] } }, 'unknown patch type found: "x"'],
    [{ metadata: { $patch: true } }, 'unknown patch type found: true'],
    [{ spec: { containers: ['web'] } }, 'expected an object with the merge key name, found "web"'],
    [{ metadata: { '$deleteFromPrimitiveList/finalizers': 'a' } }, 'must be a list'],
    [{ spec: { $retainKeys: 'containers' } }, 'the directive $retainKeys must be a list'],
  ])('refuses what would have no effect: %j', (patch, problem) => {
    expect(() => patched(patch)).toThrow(problem);
  });

  test('refuses an item without a merge key', () => {
    expect(() => patched({ spec: { containers: [{ image: 'x' }] } })).toThrow(
      'does not contain declared merge key: name',
    );
  });
});
