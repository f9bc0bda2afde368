// What kind of Docker engine it is, and what works with it.
import { LabError } from '../../kit/error.ts';
import type { EngineInfo } from '../docker/port.ts';
import type { Probe } from './probe.ts';

export const engineProbes = ({ rootless, security, cgroupVersion }: EngineInfo): readonly Probe[] => [
  kindProbe(rootless, security.includes('userns')),
  { name: 'cgroups', status: 'ok', detail: `version ${cgroupVersion}` },
  ...(security.includes('selinux') ? [selinuxProbe] : []),
  ...(security.includes('seccomp') ? [] : [withoutSeccomp]),
];

/** Also the hint of a start that refuses a rootless engine. */
const rootlessProblem = {
  detail: 'rootless: labs does not work',
  remedy:
    'Nodes need loop devices, mounts and control groups that only root of the machine can make. ' +
    'Use a Docker engine that runs as root. With userns-remap, labs works, too.',
} as const;

/** @throws LabError LAB_ENGINE_ROOTLESS */
export const refuseRootless = ({ rootless }: Pick<EngineInfo, 'rootless'>): void => {
  if (rootless)
    throw new LabError('LAB_ENGINE_ROOTLESS', 'labs does not work with a rootless Docker engine', {
      refusal: true,
      hint: rootlessProblem.remedy,
    });
};

const kindProbe = (rootless: boolean, remapped: boolean): Probe => {
  if (rootless) return { name: 'engine', status: 'failure', ...rootlessProblem };
  const detail = remapped ? 'as root, with userns-remap: all of labs works' : 'as root: all of labs works';
  return { name: 'engine', status: 'ok', detail };
};

const selinuxProbe: Probe = {
  name: 'SELinux',
  status: 'ok',
  detail: 'the engine labels containers: labs turns this off for its own (label=disable)',
};

const withoutSeccomp: Probe = {
  name: 'seccomp of the engine',
  status: 'failure',
  detail: 'the engine or its kernel has no seccomp',
  remedy:
    'A filter of system calls keeps root of a node from parts of the kernel. ' +
    'Use a kernel with CONFIG_SECCOMP_FILTER. Without it, only `labs start --unsafe-nodes` starts a lab.',
};
