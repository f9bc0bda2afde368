// Translates a ContainerSpec into the options of Docker's API.
import type { ContainerCreateOptions, HostConfig } from 'dockerode';
import { aborting } from './call.ts';
import type { ContainerSpec, PublishedPort } from './port.ts';

export const toCreateOptions = (spec: ContainerSpec, signal?: AbortSignal): ContainerCreateOptions => ({
  name: spec.name,
  Image: spec.image,
  Hostname: spec.hostname ?? spec.name,
  ...(spec.command ? { Cmd: [...spec.command] } : {}),
  ...(spec.entrypoint ? { Entrypoint: [...spec.entrypoint] } : {}),
  ...(spec.environment ? { Env: toEnvironment(spec.environment) } : {}),
  ...(spec.labels ? { Labels: { ...spec.labels } } : {}),
  ...(spec.stopSignal ? { StopSignal: spec.stopSignal } : {}),
  ...(spec.user ? { User: spec.user } : {}),
  ...(spec.ports ? { ExposedPorts: Object.fromEntries(spec.ports.map((port) => [portName(port), {}])) } : {}),
  HostConfig: toHostConfig(spec),
  ...aborting(signal),
});

export const toEnvironment = (variables: Readonly<Record<string, string>>): string[] =>
  Object.entries(variables).map(([name, value]) => `${name}=${value}`);

const portName = ({ container }: PublishedPort): string => `${container}/tcp`;

const toHostConfig = (spec: ContainerSpec): HostConfig => ({
  NetworkMode: spec.network,
  ...(spec.pidMode ? { PidMode: spec.pidMode } : {}),
  ...(spec.userNamespace ? { UsernsMode: spec.userNamespace } : {}),
  ...(spec.cgroupNamespace ? { CgroupnsMode: spec.cgroupNamespace } : {}),
  CapAdd: [...(spec.capabilities ?? [])],
  ...(spec.dropCapabilities ? { CapDrop: [...spec.dropCapabilities] } : {}),
  ...(spec.readOnly ? { ReadonlyRootfs: true } : {}),
  ...(spec.ports ? { PortBindings: toBindings(spec.ports) } : {}),
  SecurityOpt: [...(spec.securityOptions ?? [])],
  Sysctls: { ...spec.sysctls },
  Tmpfs: { ...spec.tmpfs },
  // Binds take both volume names and paths.
  Binds: (spec.mounts ?? []).map(({ source, path, readOnly }) => `${source}:${path}${readOnly ? ':ro' : ''}`),
  ...(spec.anonymousVolumes
    ? { Mounts: spec.anonymousVolumes.map((path) => ({ Type: 'volume' as const, Source: '', Target: path })) }
    : {}),
  ...(spec.deviceRules ? { DeviceCgroupRules: [...spec.deviceRules] } : {}),
  ...(spec.memoryBytes === undefined ? {} : { Memory: spec.memoryBytes, MemorySwap: spec.memoryBytes }),
  ...(spec.cpus === undefined ? {} : { NanoCpus: Math.round(spec.cpus * 1e9) }),
  ...(spec.pids === undefined ? {} : { PidsLimit: spec.pids }),
  ExtraHosts: [...(spec.hosts ?? [])],
  Init: spec.init ?? false,
  // Small, because a node has a journal of its own.
  LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '1' } },
});

const toBindings = (ports: readonly PublishedPort[]): NonNullable<HostConfig['PortBindings']> =>
  Object.fromEntries(
    ports.map((port) => [portName(port), [{ HostIp: port.address, HostPort: String(port.host) }]] as const),
  );
