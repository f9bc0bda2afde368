import { describe, expect, test } from 'vitest';
import type { Service } from '../../../src/api/core.ts';
import type { ContainerStatus, Pod } from '../../../src/api/core-pods.ts';
import { services } from '../../../src/api/resources.ts';
import { humanDuration } from '../../../src/node/apiserver/resources/cells.ts';
import { podCells } from '../../../src/node/apiserver/resources/pods/cells.ts';
import { acceptedForm, tableOf } from '../../../src/node/apiserver/table/table.ts';

describe('an age', () => {
  test.each([
    [5, '5s'],
    [119, '119s'],
    [120, '2m'],
    [192, '3m12s'],
    [700, '11m'],
    [4 * 3600, '4h'],
    [4 * 3600 + 120, '4h2m'],
    [47 * 3600, '47h'],
    [51 * 3600, '2d3h'],
    [800 * 86_400, '2y70d'],
    [-5, '<invalid>'],
  ])('of %i seconds is %s', (seconds, text) => {
    expect(humanDuration(seconds * 1000)).toBe(text);
  });
});

describe('the row of a pod with sidecars and readiness gates', () => {
  const side = { name: 's', image: 'x', restartPolicy: 'Always' as const };
  const status = (name: string, over: Partial<ContainerStatus>): ContainerStatus => ({
    ...{ name, image: 'x', imageID: '', ready: true, started: true, restartCount: 0, state: { running: {} } },
    ...over,
  });
  const rowOf = (sidecar: Partial<ContainerStatus>, over: Pod['status'] = {}, gates: string[] = []): unknown[] =>
    podCells({
      metadata: { name: 'p' },
      spec: {
        initContainers: [{ name: 'i', image: 'x' }, side],
        containers: [{ name: 'a', image: 'x' }],
        readinessGates: gates.map((conditionType) => ({ conditionType })),
      },
      status: {
        phase: 'Running',
        initContainerStatuses: [
          status('i', { restartCount: 4, started: false, state: { terminated: { exitCode: 0 } } }),
          status('s', sidecar),
        ],
        containerStatuses: [status('a', {})],
        ...over,
      },
    });

  test('counts the sidecars as containers, and their restarts', () => {
    expect(rowOf({ restartCount: 2 }).slice(1, 4)).toEqual(['2/2', 'Running', '2']);
    expect(rowOf({ ready: false }).slice(1, 4)).toEqual(['1/2', 'Running', '0']);
  });

  test('shows the sidecar for which the pod waits', () => {
    const containerStatuses = [
      status('a', { ready: false, started: false, state: { waiting: { reason: 'PodInitializing' } } }),
    ];
    const row = rowOf({ ready: false, started: false }, { phase: 'Pending', containerStatuses });
    expect(row.slice(1, 4)).toEqual(['0/2', 'Init:1/2', '4']);
  });

  test('counts the readiness gates whose condition is True', () => {
    const conditions = [{ type: 'example.com/a', status: 'True' as const }];
    expect(rowOf({}, { conditions }, ['example.com/a', 'example.com/b']).at(-1)).toBe('1/2');
  });

  test('says that the pod waits for its scheduling gates', () => {
    const conditions = [{ type: 'PodScheduled', status: 'False' as const, reason: 'SchedulingGated' }];
    expect(
      podCells({ metadata: { name: 'p' }, spec: { containers: [] }, status: { phase: 'Pending', conditions } })[2],
    ).toBe('SchedulingGated');
  });
});

describe('a pod’s row', () => {
  const base: Pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'a', image: 'x' }] } };
  const container = { name: 'a', image: 'x', imageID: '', ready: false, restartCount: 0 };
  const cells = (status: Pod['status'], metadata = {}): unknown[] =>
    podCells({ ...base, metadata: { ...base.metadata, ...metadata }, ...(status ? { status } : {}) }).slice(1, 4);

  test.each([
    { name: 'waits to be scheduled', status: { phase: 'Pending' as const }, want: ['0/1', 'Pending', '0'] },
    {
      name: 'runs',
      status: { phase: 'Running' as const, containerStatuses: [{ ...container, ready: true, state: { running: {} } }] },
      want: ['1/1', 'Running', '0'],
    },
    {
      name: 'has no image',
      status: {
        phase: 'Pending' as const,
        containerStatuses: [{ ...container, state: { waiting: { reason: 'ErrImageNeverPull' } } }],
      },
      want: ['0/1', 'ErrImageNeverPull', '0'],
    },
    {
      name: 'has ended',
      status: {
        phase: 'Succeeded' as const,
        containerStatuses: [{ ...container, state: { terminated: { exitCode: 0, reason: 'Completed' } } }],
      },
      want: ['0/1', 'Completed', '0'],
    },
    {
      name: 'waits for an init container',
      status: {
        phase: 'Pending' as const,
        initContainerStatuses: [{ ...container, state: { terminated: { exitCode: 3 } } }],
      },
      want: ['0/1', 'Init:ExitCode:3', '0'],
    },
  ])('shows a pod that $name', ({ status, want }) => {
    expect(cells(status)).toEqual(want);
  });

  test('shows that the pod is being deleted', () => {
    expect(cells({ phase: 'Running' }, { deletionTimestamp: '2026-01-01T00:00:00Z' })[1]).toBe('Terminating');
  });

  test('shows when the pod restarted last', () => {
    const finishedAt = new Date(Date.now() - 60_000).toISOString();
    const state = { running: {} };
    const status = { ...container, restartCount: 2, state, lastState: { terminated: { exitCode: 1, finishedAt } } };
    expect(cells({ phase: 'Running', containerStatuses: [status] })[2]).toMatch(/^2 \(6\ds ago\)$/);
  });
});

test('a service’s row shows node ports next to ports', () => {
  const service: Service = {
    metadata: { name: 'web' },
    spec: { type: 'NodePort', clusterIP: '10.96.0.9', ports: [{ port: 80, nodePort: 30_080, protocol: 'TCP' }] },
  };
  const { rows, columnDefinitions } = tableOf(services, [service], { listMeta: {}, include: 'None' });
  expect(rows[0]?.cells.slice(0, 5)).toEqual(['web', 'NodePort', '10.96.0.9', '<none>', '80:30080/TCP']);
  expect(columnDefinitions.at(-1)).toMatchObject({ name: 'Selector', priority: 1 });
});

test.each([
  [undefined, 'object'],
  ['*/*', 'object'],
  ['application/json;as=Table;v=v1;g=meta.k8s.io,application/json', 'Table'],
  ['application/vnd.kubernetes.protobuf,application/json', 'object'],
])('the answer to "%s" has the form %s', (accept, form) => {
  expect(acceptedForm(accept)).toBe(form);
});

test('a client that accepts none of the forms is refused', () => {
  expect(() => acceptedForm('text/html')).toThrow('only the following media types are accepted');
});
