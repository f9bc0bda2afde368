import { expect, test } from 'vitest';
import type { PodSpec } from '../../../../src/api/core-pods.ts';
import { rejection } from '../../../../src/node/kubelet/pod/admission.ts';
import { container, podWith } from '../builders.ts';

const reject = (spec: Partial<PodSpec>, others: Partial<PodSpec>[] = [], allowedUnsafeSysctls: string[] = []) => {
  const allocatable = { cpu: '2', memory: '2Gi', pods: '3' };
  const found = rejection(podWith(spec), {
    others: others.map((one) => podWith(one)),
    allocatable,
    allowedUnsafeSysctls,
  });
  return found && `${found.reason}: ${found.message}`;
};
const asking = (requests: Record<string, string>) => ({ containers: [container({ resources: { requests } })] });
const port = (hostPort: number, hostIP?: string) => ({
  containers: [container({ ports: [{ containerPort: 80, hostPort, ...(hostIP ? { hostIP } : {}) }] })],
});
const setting = (name: string) => ({ securityContext: { sysctls: [{ name, value: '1' }] } });

test.each([
  { what: 'nothing special', spec: {}, others: [{}, {}] },
  { what: 'what is left', spec: asking({ cpu: '500m' }), others: [asking({ cpu: '1500m' })] },
  { what: 'a resource that only the status of the node has', spec: asking({ 'example.com/dongle': '1' }) },
  { what: 'a port on another address', spec: port(80, '127.0.0.1'), others: [port(80, '127.0.0.2')] },
  { what: 'a safe kernel parameter', spec: setting('net.ipv4.tcp_syncookies') },
  { what: 'a safe kernel parameter with slashes', spec: setting('net/ipv4/tcp_syncookies') },
])('admits a pod that asks for $what', ({ spec, others }) => expect(reject(spec, others)).toBeUndefined());

test.each([
  {
    spec: asking({ cpu: '600m' }),
    others: [asking({ cpu: '1500m' })],
    says: "OutOfcpu: Pod was rejected: Node didn't have enough resource: cpu, requested: 600, used: 1500, capacity: 2000",
  },
  {
    spec: asking({ memory: '3Gi' }),
    says: "OutOfmemory: Pod was rejected: Node didn't have enough resource: memory, requested: 3221225472, used: 0, capacity: 2147483648",
  },
  {
    spec: {},
    others: [{}, {}, {}],
    says: "OutOfpods: Pod was rejected: Node didn't have enough resource: pods, requested: 1, used: 3, capacity: 3",
  },
  {
    spec: port(80),
    others: [port(80, '127.0.0.1')],
    says: "NodePorts: Pod was rejected: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
  },
  {
    spec: setting('kernel.msgmax'),
    says: 'SysctlForbidden: Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted',
  },
])('rejects a pod: $says', ({ spec, others, says }) => expect(reject(spec, others)).toBe(says));

test('admits an unsafe kernel parameter that the configuration names, if it belongs to a namespace', () => {
  const unsafe = ['kernel.msg*', 'net.core.somaxconn', 'vm.*'];
  expect(reject(setting('kernel.msgmax'), [], unsafe)).toBeUndefined();
  expect(reject(setting('net.core.somaxconn'), [], unsafe)).toBeUndefined();
  expect(reject(setting('net.core.other'), [], unsafe)).toContain('not allowlisted');
  expect(reject(setting('vm.swappiness'), [], unsafe)).toContain('not allowlisted');
});
