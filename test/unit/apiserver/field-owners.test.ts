// The owners of fields after many updates: the server remembers the parsed sets, and that must change no result.
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { KubeObject } from '../../../src/api/meta.ts';
import { pods } from '../../../src/api/resources.ts';
import { createInStore, updateInStore } from '../../../src/node/apiserver/admission/write.ts';
import {
  contains,
  difference,
  type FieldsV1,
  intersection,
  isEmpty,
  isEqual,
  overlaps,
  parseFields,
  union,
} from '../../../src/node/apiserver/ownership/field-set.ts';
import { managerFor, readManagers } from '../../../src/node/apiserver/ownership/managers.ts';
import { recordUpdate } from '../../../src/node/apiserver/ownership/update.ts';
import { memoryApi } from './memory-api.ts';

const trees = (depth: number): fc.Arbitrary<FieldsV1> =>
  depth === 0
    ? fc.constant({})
    : fc.dictionary(fc.constantFrom('.', 'f:a', 'f:b', 'v:1'), trees(depth - 1), { maxKeys: 3 });
const sets = trees(3).map((fields) => parseFields(fields));

test('overlapping and contained sets are found as by their intersection, difference and union', () => {
  fc.assert(
    fc.property(sets, sets, (a, b) => {
      expect(overlaps(a, b)).toBe(!isEmpty(intersection(a, b)));
      expect(contains(a, b)).toBe(isEmpty(difference(b, a)));
      expect(contains(a, b)).toBe(isEqual(union(a, b), a));
    }),
    { numRuns: 500 },
  );
});

const names = fc.constantFrom('a', 'b', 'constructor', '__proto__x');
const values = fc.dictionary(names, fc.constantFrom('1', '2'), { maxKeys: 3 });
const states = fc.record({
  labels: values,
  containers: fc.uniqueArray(fc.record({ name: names, image: fc.constantFrom('x', 'y') }), {
    selector: ({ name }) => name,
    maxLength: 3,
  }),
  conditions: fc.uniqueArray(fc.record({ type: names, status: fc.constantFrom('True', 'False') }), {
    selector: ({ type }) => type,
    maxLength: 3,
  }),
});
const writers = fc.constantFrom('kubectl', 'kubelet', 'scheduler');

/** A client sends the owners back, leaves them out, or sends them in another order. */
const steps = fc.array(fc.tuple(states, writers, fc.constantFrom('same', 'absent', 'turned')), { maxLength: 6 });

const objectOf = ({ labels, containers, conditions }: typeof states extends fc.Arbitrary<infer T> ? T : never) =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'x', namespace: 'default', labels },
    spec: { containers },
    status: { conditions },
  }) as KubeObject;

test('the remembered owners are those that their entries say', () => {
  vi.useFakeTimers();
  const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
  fc.assert(
    fc.property(steps, (history) => {
      let current: KubeObject | undefined;
      for (const [state, name, owners] of history) {
        vi.advanceTimersByTime(1000);
        const manager = managerFor(pods, { name, operation: 'Update', subresource: undefined });
        const next = objectOf(state);
        const sent = [...((current?.metadata.managedFields ?? []) as object[])];
        if (owners !== 'absent' && sent.length > 0)
          next.metadata.managedFields = copy(owners === 'turned' ? sent.reverse() : sent);
        // This copy of the stored object has entries that the server has never seen.
        const afresh = copy(next);
        recordUpdate(pods, manager, { before: current && copy(current), after: afresh, withoutStatus: false });
        recordUpdate(pods, manager, { before: current, after: next, withoutStatus: false });
        expect(next).toEqual(afresh);
        expect(readManagers(next).map(({ fields }) => fields)).toEqual(
          readManagers(copy(next)).map(({ fields }) => fields),
        );
        current = next;
      }
    }),
    { numRuns: 300 },
  );
  vi.useRealTimers();
});

test('an update with the stored owners, none, or the same ones in another form stores the same entries', () => {
  const api = memoryApi();
  const by = (name: string, subresource?: string) => ({
    subresource,
    manager: managerFor(pods, { name, operation: 'Update' as const, subresource }),
  });
  const given = { metadata: { name: 'web', namespace: 'default' }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const created = createInStore(api, pods, given as unknown as KubeObject, by('kubectl'));
  const status = (phase: string, managedFields: unknown[] | undefined) => {
    const { resourceVersion: _version, ...metadata } = structuredClone(created.metadata);
    const next = { ...created, metadata: { ...metadata, managedFields }, status: { phase } } as KubeObject;
    return updateInStore(api, pods, next, by('kubelet', 'status')).metadata.managedFields as object[];
  };
  const first = status('Unknown', undefined);
  expect(first).toMatchObject([{ manager: 'kubectl' }, { manager: 'kubelet', subresource: 'status' }]);
  const turned = first.map((entry) => Object.fromEntries(Object.entries(entry).reverse()));
  expect(status('Running', structuredClone(first))).toEqual(first);
  expect(status('Failed', turned)).toEqual(first);
  expect(status('Running', [first[1]])).toEqual([first[1]]);
  const { spec } = created as KubeObject & { spec: unknown };
  expect(api.store.get(pods, created.metadata)).toMatchObject({ status: { phase: 'Running' }, spec });
});
