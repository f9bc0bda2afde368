// Translates a ContainerSpec into the options of Docker's API.
import type { ContainerCreateOptions, HostConfig } from 'dockerode';
import { aborting } from './call.ts';
import type { ContainerSpec } from './port.ts';

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
  HostConfig: toHostConfig(spec),
  ...aborting(signal),
});

export const toEnvironment = (variables: Readonly<Record<string, string>>): string[] =>
  Object.entries(variables).map(([name, value]) => `${name}=${value}`);

const toHostConfig = (spec: ContainerSpec): HostConfig => ({
  NetworkMode: spec.network,
  ...(spec.pidMode ? { PidMode: spec.pidMode } : {}),
  ...(spec.cgroupNamespace ? { CgroupnsMode: spec.cgroupNamespace } : {}),
  CapAdd: [...(spec.capabilities ?? [])],
  SecurityOpt: [...(spec.securityOptions ?? [])],
  Sysctls: { ...spec.sysctls },
  Tmpfs: { ...spec.tmpfs },
  // Binds take both volume names and paths.
  Binds: (spec.mounts ?? []).map(({ source, path, readOnly }) => `${source}:${path}${readOnly ? ':ro' : ''}`),
  ...(spec.memoryBytes === undefined ? {} : { Memory: spec.memoryBytes, MemorySwap: spec.memoryBytes }),
  ...(spec.cpus === undefined ? {} : { NanoCpus: Math.round(spec.cpus * 1e9) }),
  ...(spec.pids === undefined ? {} : { PidsLimit: spec.pids }),
  ExtraHosts: [...(spec.hosts ?? [])],
  Init: spec.init ?? false,
  // Small, because a node has a journal of its own.
  LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '1' } },
});
