// In which order a ReplicaSet deletes pods when it shrinks.
import { expect, test } from 'vitest';
import type { Pod, PodStatus } from '../../../src/api/core-pods.ts';
import { deletionOrder } from '../../../src/node/controllers/pods.ts';

const status = (app: number, side: number, setup = 0): PodStatus => {
  const states = { image: 'web', imageID: '', ready: true, state: {}, lastState: {} };
  return {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
    containerStatuses: [{ ...states, name: 'app', restartCount: app }],
    initContainerStatuses: [
      { ...states, name: 'setup', restartCount: setup },
      { ...states, name: 'side', restartCount: side },
    ],
  };
};

const pod = (name: string, state: PodStatus, created = '2026-01-01T00:00:00Z'): Pod => ({
  metadata: { name, creationTimestamp: created },
  spec: {
    nodeName: 'n',
    initContainers: [
      { name: 'setup', image: 'web' },
      { name: 'side', image: 'web', restartPolicy: 'Always' },
    ],
    containers: [{ name: 'app', image: 'web' }],
  },
  status: state,
});

test.each([
  ['a container restarted more often', pod('b', status(1, 0)), pod('a', status(2, 9))],
  ['a sidecar restarted more often', pod('b', status(1, 2)), pod('a', status(1, 3))],
  [
    'it is younger, as restarts of init containers do not count',
    pod('b', status(1, 2, 9)),
    pod('a', status(1, 2, 0), '2026-01-02T00:00:00Z'),
  ],
])('a pod goes first when %s', (_why, stays, goes) => {
  const order = deletionOrder(() => 1);
  expect([stays, goes].sort(order).map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
  expect([goes, stays].sort(order).map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
});
