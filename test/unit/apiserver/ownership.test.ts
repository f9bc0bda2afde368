// Server-side apply: what it merges and removes, who owns which field, and when owners are in conflict.
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../src/api/meta.ts';
import { configMaps, deployments, pods, type Resource, services } from '../../../src/api/resources.ts';
import { applyConfiguration } from '../../../src/node/apiserver/ownership/apply.ts';
import { formatFields, intersection, parseFields, union } from '../../../src/node/apiserver/ownership/field-set.ts';
import { type Manager, managerFor } from '../../../src/node/apiserver/ownership/managers.ts';
import { recordUpdate } from '../../../src/node/apiserver/ownership/update.ts';
import { StatusError } from '../../../src/node/apiserver/status.ts';

interface Item {
  name: string;
  value?: string;
  args?: string[];
  env?: Item[];
}
/** The fields of several kinds that the tests read and change. */
interface Sample extends KubeObject {
  spec: { ports: object[]; replicas: number; containers: Item[]; template: { spec: { containers: Item[] } } };
  data: Record<string, string>;
  status?: unknown;
}

const object = (parts: object): Sample => ({ metadata: { name: 'x', namespace: 'default' }, ...parts }) as Sample;
const who = (resource: Resource, name: string, operation: Manager['operation'], subresource?: string): Manager =>
  managerFor(resource, { name, operation, subresource });

const apply = (
  resource: Resource,
  name: string,
  current: Sample | undefined,
  wanted: object,
  force = false,
): Sample => {
  const manager = who(resource, name, 'Apply');
  return applyConfiguration({ resource, manager, force, hasStatus: true }, current, object(wanted)) as Sample;
};

const update = (
  resource: Resource,
  name: string,
  current: Sample,
  change: (next: Sample) => unknown,
  subresource?: string,
): Sample => {
  const next = structuredClone(current);
  change(next);
  recordUpdate(resource, who(resource, name, 'Update', subresource), {
    before: current,
    after: next,
    withoutStatus: true,
  });
  return next;
};

const create = (resource: Resource, name: string, parts: object): Sample => {
  const after = object(parts);
  recordUpdate(resource, who(resource, name, 'Update'), { before: undefined, after, withoutStatus: true });
  return after;
};

const fieldsOf = ({ metadata }: Sample, name: string): unknown => {
  const entries = metadata.managedFields as { manager: string; fieldsV1: unknown }[] | undefined;
  return entries?.find(({ manager }) => manager === name)?.fieldsV1;
};

const conflict = (write: () => unknown): string => {
  try {
    write();
    return '';
  } catch (error) {
    expect(error).toBeInstanceOf(StatusError);
    const { status } = error as StatusError;
    expect(status.code).toBe(409);
    expect(status.details?.causes?.every(({ reason }) => reason === 'FieldManagerConflict')).toBe(true);
    return status.message ?? '';
  }
};

const both = {
  spec: {
    ports: [
      { name: 't', port: 53, protocol: 'TCP' },
      { name: 'u', port: 53, protocol: 'UDP' },
    ],
  },
};
const workload = (replicas: number | undefined, container: object = {}): object => ({
  spec: {
    ...(replicas === undefined ? {} : { replicas }),
    template: { spec: { containers: [{ name: 'c', image: 'web', ...container }] } },
  },
});

describe('an apply', () => {
  test('tells two ports with one number apart by their protocols', () => {
    const applied = apply(services, 'a', undefined, both);
    expect(applied.spec.ports).toEqual(both.spec.ports);
    const again = apply(services, 'a', applied, both);
    expect(again).toBe(applied);
    expect(fieldsOf(applied, 'a')).toMatchObject({
      'f:spec': {
        'f:ports': {
          'k:{"port":53,"protocol":"TCP"}': { '.': {}, 'f:name': {}, 'f:port': {}, 'f:protocol': {} },
          'k:{"port":53,"protocol":"UDP"}': {},
        },
      },
    });
    const one = apply(services, 'a', applied, { spec: { ports: both.spec.ports.slice(1) } });
    expect(one.spec.ports).toEqual(both.spec.ports.slice(1));
  });

  test('knows the default of a key that is left out', () => {
    const stored = create(services, 'kubectl', { spec: { ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }] } });
    const next = apply(services, 'a', stored, { spec: { ports: [{ port: 80, name: 'http' }] } });
    expect(next.spec.ports).toEqual([{ port: 80, protocol: 'TCP', targetPort: 80, name: 'http' }]);
  });

  test('removes the fields and items that its manager left out, and keeps those of others', () => {
    const first = apply(deployments, 'a', undefined, {
      metadata: { name: 'x', namespace: 'default', labels: { mine: '1', shared: '2' } },
      ...workload(2, { env: [{ name: 'A', value: '1' }], command: ['a'] }),
    });
    const other = update(deployments, 'b', first, (next) => {
      next.metadata.labels = { ...next.metadata.labels, theirs: '3' };
      next.spec.template.spec.containers[0]?.env?.push({ name: 'B', value: '2' });
    });
    const second = apply(deployments, 'a', other, {
      metadata: { name: 'x', namespace: 'default', labels: { shared: '2' } },
      ...workload(undefined),
    });
    expect(second.metadata.labels).toEqual({ shared: '2', theirs: '3' });
    expect(second.spec).toEqual({
      template: { spec: { containers: [{ name: 'c', image: 'web', env: [{ name: 'B', value: '2' }] }] } },
    });
  });

  test('adds to a set without removing the items of others', () => {
    const stored = create(configMaps, 'kubectl', {
      metadata: { name: 'x', namespace: 'default', finalizers: ['a.b/c'] },
    });
    const meta = (...finalizers: string[]): object => ({ metadata: { name: 'x', namespace: 'default', finalizers } });
    const added = apply(configMaps, 'a', stored, meta('d.e/f'));
    expect(added.metadata.finalizers).toEqual(['a.b/c', 'd.e/f']);
    expect(fieldsOf(added, 'a')).toEqual({ 'f:metadata': { 'f:finalizers': { 'v:"d.e/f"': {} } } });
    expect(apply(configMaps, 'a', added, meta()).metadata.finalizers).toEqual(['a.b/c']);
  });

  test('replaces an atomic list as a whole', () => {
    const first = apply(pods, 'a', undefined, { spec: { containers: [{ name: 'c', args: ['1', '2'] }] } });
    const second = apply(pods, 'a', first, { spec: { containers: [{ name: 'c', args: ['3'] }] } });
    expect(second.spec.containers[0]?.args).toEqual(['3']);
    const pod = create(pods, 'kubectl', { spec: { nodeSelector: { a: 'b' } } });
    const theirs = conflict(() => apply(pods, 'a', pod, { spec: { nodeSelector: { c: 'd' } } }));
    expect(theirs).toBe('Apply failed with 1 conflict: conflict with "kubectl" using v1: .spec.nodeSelector');
  });

  test('keeps the order of its items', () => {
    const items = (...names: string[]): object => ({ spec: { containers: names.map((name) => ({ name })) } });
    const first = apply(pods, 'a', undefined, items('one', 'two'));
    const other = update(pods, 'b', first, (next) => next.spec.containers.splice(1, 0, { name: 'between' }));
    const names = (value: Sample): string[] => value.spec.containers.map(({ name }: { name: string }) => name);
    expect(names(apply(pods, 'a', other, items('two', 'three', 'one')))).toEqual(['two', 'three', 'one', 'between']);
    expect(names(apply(pods, 'a', other, items('one', 'two', 'three')))).toEqual(['one', 'between', 'two', 'three']);
  });

  test('does not touch the status', () => {
    const stored = create(deployments, 'kubectl', { ...workload(1), status: { replicas: 1 } });
    const next = apply(deployments, 'a', stored, { ...workload(1), status: { replicas: 5 } });
    expect(next.status).toEqual({ replicas: 1 });
    expect(fieldsOf(next, 'a')).not.toHaveProperty('f:status');
  });

  test('refuses items that it cannot tell apart', () => {
    const twice = { spec: { ports: [{ port: 80 }, { port: 80, protocol: 'TCP' }] } };
    const write = (parts: object) => () => apply(services, 'a', undefined, parts);
    expect(write(twice)).toThrow(
      'failed to create typed patch object (default/x; v1, Kind=Service): errors:\n' +
        '  .spec.ports: duplicate entries for key [port=80,protocol="TCP"]',
    );
    expect(write({ spec: { ports: [{ name: 'a' }] } })).toThrow(
      '.spec.ports: element 0: associative list with keys has an element that omits key field "port"',
    );
  });
});

describe('a conflict', () => {
  test('names a manager that scaled the object', () => {
    const first = apply(deployments, 'kubectl', undefined, workload(1));
    const scaled = update(
      deployments,
      'kubectl',
      first,
      (next) => {
        next.spec.replicas = 2;
      },
      'scale',
    );
    expect(fieldsOf(scaled, 'kubectl')).not.toMatchObject({ 'f:spec': { 'f:replicas': {} } });
    const message = conflict(() => apply(deployments, 'kubectl', scaled, workload(3)));
    expect(message).toBe(
      'Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas',
    );
    const forced = apply(deployments, 'kubectl', scaled, workload(3), true);
    expect(forced.spec.replicas).toBe(3);
    expect(conflict(() => apply(deployments, 'kubectl', forced, workload(4)))).toBe('');
  });

  test('names fields inside items of a list, of all managers', () => {
    const first = apply(deployments, 'a', undefined, workload(1, { env: [{ name: 'A', value: '1' }] }));
    const second = update(deployments, 'b', first, (next) => {
      next.spec.replicas = 5;
      for (const variable of next.spec.template.spec.containers.flatMap(({ env = [] }) => env)) variable.value = '2';
    });
    const wanted = workload(1, { image: 'db', env: [{ name: 'A', value: '3' }] });
    expect(conflict(() => apply(deployments, 'c', second, wanted))).toBe(
      'Apply failed with 3 conflicts: conflicts with "a":\n' +
        '- .spec.template.spec.containers[name="c"].image\n' +
        'conflicts with "b" using apps/v1:\n' +
        '- .spec.replicas\n' +
        '- .spec.template.spec.containers[name="c"].env[name="A"].value',
    );
  });

  test('is none when the values are the same, and then both own the field', () => {
    const first = apply(configMaps, 'a', undefined, { data: { k: 'v' } });
    const second = apply(configMaps, 'b', first, { data: { k: 'v' } });
    expect(fieldsOf(second, 'a')).toEqual({ 'f:data': { 'f:k': {} } });
    expect(fieldsOf(second, 'b')).toEqual({ 'f:data': { 'f:k': {} } });
    expect(apply(configMaps, 'a', second, {}).data).toEqual({ k: 'v' });
    expect(conflict(() => apply(configMaps, 'a', second, { data: { k: 'w' } }))).toContain(
      'conflict with "b": .data.k',
    );
  });

  test('names what an object had before anybody owned it', () => {
    const stored = object({ data: { k: 'v' } });
    expect(conflict(() => apply(configMaps, 'a', stored, { data: { k: 'w' } }))).toBe(
      'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.k',
    );
  });
});

describe('an update', () => {
  test('owns what it sets in a new object, as the original shows it', () => {
    const created = create(deployments, 'kubectl-create', {
      metadata: { name: 'x', namespace: 'default', labels: { app: 'web' } },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'web' } },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'web', image: 'web', resources: {} }], restartPolicy: 'Always' },
        },
      },
      status: {},
    });
    expect(created.metadata.managedFields).toEqual([
      {
        manager: 'kubectl-create',
        operation: 'Update',
        apiVersion: 'apps/v1',
        time: expect.any(String),
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
          'f:spec': {
            'f:replicas': {},
            'f:selector': {},
            'f:strategy': { 'f:rollingUpdate': { '.': {}, 'f:maxSurge': {} }, 'f:type': {} },
            'f:template': {
              'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
              'f:spec': {
                'f:containers': { 'k:{"name":"web"}': { '.': {}, 'f:image': {}, 'f:name': {}, 'f:resources': {} } },
                'f:restartPolicy': {},
              },
            },
          },
        },
      },
    ]);
  });

  test('takes over a field from its owner, and leaves the others', () => {
    const first = create(configMaps, 'a', { data: { k: 'v', l: 'v' } });
    const second = update(configMaps, 'b', first, (next) => {
      next.data = { k: 'w', m: 'v' };
    });
    expect(fieldsOf(second, 'a')).toEqual({ 'f:data': {} });
    expect(fieldsOf(second, 'b')).toEqual({ 'f:data': { 'f:k': {}, 'f:m': {} } });
  });

  test('that changes nothing changes no owner and no time', () => {
    const first = create(configMaps, 'a', { data: { k: 'v' } });
    for (const entry of first.metadata.managedFields as { time: string }[]) entry.time = '2020-01-01T00:00:00Z';
    const second = update(configMaps, 'b', first, () => {});
    expect(second).toEqual(first);
  });

  test('resets the owners when it sends an empty list', () => {
    const first = create(configMaps, 'a', { data: { k: 'v' } });
    const second = update(configMaps, 'b', first, (next) => {
      next.metadata.managedFields = [];
    });
    expect(second.metadata.managedFields).toBeUndefined();
  });

  test('joins the owners when they become many', () => {
    let next = create(configMaps, 'm0', { data: { k0: 'v' } });
    for (let index = 1; index < 20; index += 1)
      next = update(configMaps, `m${index}`, next, ({ data }) => {
        data[`k${index}`] = 'v';
      });
    expect(next.metadata.managedFields).toHaveLength(10);
    expect(fieldsOf(next, 'ancient-changes')).toMatchObject({ 'f:data': { 'f:k0': {}, 'f:k10': {} } });
  });
});

test('field sets keep their form and follow the rules of sets', () => {
  const a = { 'f:spec': { '.': {}, 'f:a': {}, 'k:{"name":"x"}': { '.': {}, 'f:b': {} } }, 'f:c': {} };
  const b = { 'f:spec': { 'f:a': {}, 'f:d': {} } };
  expect(formatFields(parseFields(a))).toEqual(a);
  expect(formatFields(intersection(parseFields(a), parseFields(b)))).toEqual({ 'f:spec': { 'f:a': {} } });
  expect(formatFields(union(parseFields(a), parseFields(b)))).toMatchObject({ 'f:spec': { '.': {}, 'f:d': {} } });
});
