import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ContainerState, Pod, PodSpec } from '../../../src/api/core-pods.ts';
import { pods } from '../../../src/api/resources.ts';
import { parseCidr } from '../../../src/api/scalars.ts';
import { createInStore, updateInStore } from '../../../src/node/apiserver/admission/write.ts';
import { createIpAllocator } from '../../../src/node/apiserver/allocation/ip-allocator.ts';
import { createPortAllocator } from '../../../src/node/apiserver/allocation/port-allocator.ts';
import { bootstrap } from '../../../src/node/apiserver/bootstrap.ts';
import type { AdmissionContext } from '../../../src/node/apiserver/resources/definition.ts';
import { openLog } from '../../../src/node/apiserver/store/log.ts';
import { openStore } from '../../../src/node/apiserver/store/store.ts';

const folder = mkdtempSync(join(tmpdir(), 'labs-pod-status-'));
let api: AdmissionContext;
beforeAll(() => {
  api = {
    store: openStore(openLog(folder)),
    clusterIps: createIpAllocator(parseCidr('10.96.0.0/12')),
    nodePorts: createPortAllocator({ first: 30_000, last: 32_767 }),
    logger: { info() {}, warning() {}, error() {}, enabled: () => false },
  };
  bootstrap(api, '192.168.56.10', 6443);
});
afterAll(() => {
  api.store.close();
  rmSync(folder, { recursive: true, force: true });
});

const running: ContainerState = { running: {} };
const exited = (exitCode: number): ContainerState => ({ terminated: { exitCode } });

/** Writes two states of the container, one after the other. */
const report = (spec: Partial<PodSpec>, states: readonly ContainerState[], kind: 'container' | 'initContainer') => {
  const containers = [{ name: 'c', image: 'web' }];
  const initContainers = [{ name: 'i', image: 'web' }];
  const metadata = { generateName: 'pod-', namespace: 'default' } as unknown as Pod['metadata'];
  const pod = createInStore(api, pods, { metadata, spec: { containers, initContainers, ...spec } } as Pod) as Pod;
  const name = kind === 'container' ? 'c' : 'i';
  for (const state of states) {
    const statuses = [{ name, image: 'web', imageID: '', ready: false, restartCount: 0, state }];
    const next = { ...pod, metadata: { ...pod.metadata, resourceVersion: '' } };
    const status = { ...pod.status, [`${kind}Statuses`]: statuses };
    updateInStore(api, pods, { ...next, status } as Pod, { subresource: 'status' });
  }
};

describe('a container that has ended', () => {
  test.each([
    { restartPolicy: 'Never' as const, code: 1 },
    { restartPolicy: 'Never' as const, code: 0 },
    { restartPolicy: 'OnFailure' as const, code: 0 },
  ])('with code $code stays ended in the status of a pod with $restartPolicy', ({ restartPolicy, code }) => {
    const problem = 'status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state';
    expect(() => report({ restartPolicy }, [running, exited(code), running], 'container')).toThrow(problem);
  });

  test.each([
    { restartPolicy: 'OnFailure' as const, code: 1 },
    { restartPolicy: 'Always' as const, code: 0 },
  ])('with code $code may run again in a pod with $restartPolicy', ({ restartPolicy, code }) => {
    report({ restartPolicy }, [running, exited(code), running, exited(code)], 'container');
  });

  test('may be reported again, and with another exit code', () => {
    report({ restartPolicy: 'Never' }, [exited(0), exited(0), exited(255)], 'container');
  });

  test('stays ended if it is an init container of a pod with Never, and may run again in other pods', () => {
    const problem = 'status.initContainerStatuses[0].state: Forbidden: may not be transitioned';
    expect(() => report({ restartPolicy: 'Never' }, [exited(0), running], 'initContainer')).toThrow(problem);
    report({ restartPolicy: 'OnFailure' }, [exited(0), running], 'initContainer');
  });
});

describe('the addresses of a pod', () => {
  const write = (status: Pod['status']): Pod => {
    const metadata = { generateName: 'pod-', namespace: 'default' } as unknown as Pod['metadata'];
    const pod = createInStore(api, pods, {
      metadata,
      spec: { containers: [{ name: 'c', image: 'web' }] },
    } as Pod) as Pod;
    const next = { ...pod, status: { ...pod.status, ...status } };
    return updateInStore(api, pods, next as Pod, { subresource: 'status' }) as Pod;
  };

  test.each([
    [{ podIP: '/.*/' }, 'status.podIPs[0]: Invalid value: "/.*/": must be a valid IP address'],
    [
      { podIPs: [{ ip: '10.244.1.2/32' }] },
      'status.podIPs[0]: Invalid value: "10.244.1.2/32": must be a valid IP address',
    ],
    // The single field wins over the list.
    [
      { podIP: 'x', podIPs: [{ ip: '10.244.1.2' }] },
      'status.podIPs[0]: Invalid value: "x": must be a valid IP address',
    ],
    [{ podIPs: [{ ip: '10.244.1.2' }, { ip: '10.244.1.3' }] }, 'may specify no more than one IP for each IP family'],
    [
      { hostIP: '192.168.56.11', hostIPs: [{ ip: '192.168.56.12' }] },
      'status.hostIPs[0].ip: Invalid value: "192.168.56.12": must be equal to `hostIP`',
    ],
    [{ hostIP: 'a', hostIPs: [{ ip: 'a' }] }, 'status.hostIPs[0]: Invalid value: "a": must be a valid IP address'],
    [{ nominatedNodeName: 'not a node' }, 'status.nominatedNodeName: Invalid value: "not a node"'],
  ])('are refused when they are none: %j', (status, problem) => {
    expect(() => write(status)).toThrow(problem);
  });

  test('are accepted, one of each family', () => {
    const status = {
      ...{ podIP: '10.244.1.2', podIPs: [{ ip: '10.244.1.2' }, { ip: 'fd00::2' }] },
      ...{ hostIP: '192.168.56.11', hostIPs: [{ ip: '192.168.56.11' }] },
    };
    expect(write(status).status).toMatchObject(status);
  });
});
