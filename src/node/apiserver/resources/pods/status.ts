// Refuses a pod status whose addresses are none, and one in which a container leaves its end although its pod's restart
// policy forbids another run.
import type { ContainerStatus, Pod, PodStatus } from '../../../../api/core-pods.ts';
import { readIp } from '../../../../api/ip.ts';
import { sidecarsOf } from '../../../../api/pods.ts';
import { validateIp } from '../../validation/addresses.ts';
import { duplicate, type FieldError, forbiddenField, invalidValue } from '../../validation/field.ts';
import { subdomainProblems } from '../../validation/names.ts';
import { invalidValues } from '../../validation/values.ts';

export const validatePodStatusUpdate = (next: Pod, current: Pod): FieldError[] => [
  ...validateAddresses(next.status ?? {}),
  ...validateTransitions(next, current),
];

/** As the original's validatePodIPs and validateHostIPs. A `podIP` that differs from the list replaces the list. */
const validateAddresses = ({
  podIP,
  podIPs = [],
  hostIP = '',
  hostIPs = [],
  nominatedNodeName,
}: PodStatus): FieldError[] => {
  const listed = podIPs.map(({ ip }) => ip);
  const [firstHost] = hostIPs;
  return [
    ...(nominatedNodeName
      ? invalidValues('status.nominatedNodeName', nominatedNodeName, subdomainProblems(nominatedNodeName))
      : []),
    ...validateList(podIP && podIP !== listed[0] ? [podIP] : listed, 'status.podIPs'),
    ...(firstHost && firstHost.ip !== hostIP
      ? [invalidValue('status.hostIPs[0].ip', firstHost.ip, 'must be equal to `hostIP`')]
      : []),
    ...validateList(
      hostIPs.map(({ ip }) => ip),
      'status.hostIPs',
    ),
  ];
};

const validateList = (addresses: readonly string[], path: string): FieldError[] => {
  const families = new Set(addresses.map((address) => readIp(address)?.family));
  return [
    ...addresses.flatMap((address, index) => validateIp(address, `${path}[${index}]`)),
    ...(addresses.length > families.size
      ? [invalidValue(path, addresses, 'may specify no more than one IP for each IP family')]
      : []),
    ...addresses.flatMap((address, index) =>
      addresses.indexOf(address) < index ? [duplicate(`${path}[${index}]`, address)] : [],
    ),
  ];
};

const validateTransitions = (next: Pod, current: Pod): FieldError[] => {
  const { restartPolicy } = current.spec;
  if (restartPolicy !== 'Never' && restartPolicy !== 'OnFailure') return [];
  const isFinal = (exitCode: number): boolean => restartPolicy === 'Never' || exitCode === 0;
  const problems = resurrected(
    { next: next.status?.containerStatuses, current: current.status?.containerStatuses, isFinal },
    'status.containerStatuses',
  );
  // With OnFailure, a new sandbox needs its init containers again. The original's kubelet cannot report that.
  if (restartPolicy === 'OnFailure') return problems;
  const { initContainerStatuses } = current.status ?? {};
  // Sidecars restart as long as their pod lives.
  const sidecars = new Set(sidecarsOf(current.spec).map(({ name }) => name));
  const mustStay = (_: number, name: string): boolean => !sidecars.has(name);
  const inits = { next: next.status?.initContainerStatuses, current: initContainerStatuses, isFinal: mustStay };
  return [...problems, ...resurrected(inits, 'status.initContainerStatuses')];
};

interface Transition {
  readonly next: readonly ContainerStatus[] | undefined;
  readonly current: readonly ContainerStatus[] | undefined;
  readonly isFinal: (exitCode: number, name: string) => boolean;
}

const resurrected = ({ next = [], current = [], isFinal }: Transition, path: string): FieldError[] =>
  current.flatMap(({ name, state }, index) => {
    if (!state?.terminated || !isFinal(state.terminated.exitCode, name)) return [];
    const runs = next.some((status) => status.name === name && !status.state?.terminated);
    return runs ? [forbiddenField(`${path}[${index}].state`, 'may not be transitioned to non-terminated state')] : [];
  });
