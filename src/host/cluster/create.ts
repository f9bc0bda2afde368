// Translates a planned machine into the container that the engine creates.
import type { ContainerSpec } from '../docker/port.ts';
import { stateFolder } from '../plan/boot.ts';
import type { ClusterPlan, MachinePlan } from '../plan/types.ts';

export const containerSpec = (plan: ClusterPlan, machine: MachinePlan): ContainerSpec => ({
  name: machine.container,
  image: plan.image,
  entrypoint: [machine.command[0] ?? ''],
  command: machine.command.slice(1),
  hostname: machine.hostname,
  environment: machine.environment,
  labels: machine.labels,
  network: 'none',
  // A machine gets a user namespace of its own, with ids that no other machine has.
  userNamespace: 'host',
  cgroupNamespace: machine.cgroupNamespace,
  ...(machine.pidMode === 'host' ? { pidMode: 'host' as const } : {}),
  capabilities: machine.capabilities,
  ...(machine.dropCapabilities ? { dropCapabilities: machine.dropCapabilities } : {}),
  ...(machine.readOnly ? { readOnly: true } : {}),
  ...(machine.state ? { anonymousVolumes: [stateFolder] } : {}),
  deviceRules: machine.deviceRules,
  securityOptions: machine.securityOptions,
  sysctls: machine.sysctls,
  tmpfs: machine.tmpfs,
  mounts: machine.mounts.map(({ volume, path, readOnly }) => ({ source: volume, path, readOnly })),
  memoryBytes: machine.limits.memoryBytes,
  cpus: machine.limits.cpus,
  pids: machine.limits.pids,
  hosts: machine.hosts,
  stopSignal: machine.stopSignal,
});
