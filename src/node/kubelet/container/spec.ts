// Turns a container of a pod's spec into the specification that the runtime starts. Pure.
import type { Container, Pod } from '../../../api/core-pods.ts';
import type { StoredImage } from '../../../api/images.ts';
import { wholeUnits } from '../../../api/quantity.ts';
import type { ContainerMount, ContainerSpec, PodRef } from '../runtime/runtime.ts';
import { ContainerConfigError } from './config-error.ts';
import { containerEnv, type EnvContext, expand } from './env.ts';
import { kernelHostname } from './files.ts';
import { limitsOf, oomScoreAdj, podLimitsOf } from './limits.ts';
import { securityOf, userOf } from './security.ts';
import { sysctlName } from './sysctls.ts';

export interface ContainerContext extends EnvContext {
  readonly sandboxId: string;
  readonly attempt: number;
  readonly backoffMs: number;
  readonly image: StoredImage;
  /** The content of the image's /etc/passwd and /etc/group. */
  readonly passwd: string;
  readonly group: string;
  readonly nodeName: string;
  readonly clusterDomain: string;
  readonly mounts: readonly ContainerMount[];
  /** `default`, or a filter from a file of the node. Absent for a container without a filter. */
  readonly seccomp?: ContainerSpec['seccomp'];
  /** The id of the container whose processes this container sees. */
  readonly processesOf?: string;
}

/** @throws ContainerConfigError when the container cannot run as specified */
export const containerSpec = (container: Container, context: ContainerContext): ContainerSpec => {
  const { pod, image } = context;
  const env = containerEnv(container, context);
  const security = securityOf(pod, container);
  const { user, home } = userOf(pod, container, {
    user: image.config.User ?? '',
    passwd: context.passwd,
    group: context.group,
  });
  const hostname = pod.spec.hostNetwork ? context.nodeName : kernelHostname(pod, context.clusterDomain);
  const full = fullEnv({ env, home, hostname, image, terminal: container.tty === true });
  return {
    pod: podRef(pod),
    sandboxId: context.sandboxId,
    name: container.name,
    attempt: context.attempt,
    backoffMs: context.backoffMs,
    image,
    args: argumentsOf(container, image, (name) => env.get(name)),
    env: [...full].map(([name, value]) => `${name}=${value}`),
    cwd: container.workingDir || image.config.WorkingDir || '/',
    user,
    hostname,
    mounts: context.mounts,
    privileged: security.privileged,
    addCapabilities: security.add,
    dropCapabilities: security.drop,
    noNewPrivileges: !security.allowPrivilegeEscalation,
    readOnlyRoot: security.readOnlyRootFilesystem,
    terminal: container.tty === true,
    stdin: container.stdin === true,
    stdinOnce: container.stdinOnce === true,
    ...(context.seccomp ? { seccomp: context.seccomp } : {}),
    sysctls: Object.fromEntries(
      (pod.spec.securityContext?.sysctls ?? []).map(({ name, value }) => [sysctlName(name), value]),
    ),
    ...(pod.spec.hostPID ? { processes: 'node' } : pod.spec.shareProcessNamespace ? { processes: 'pod' } : {}),
    limits: limitsOf(container),
    podLimits: podLimitsOf(pod),
    oomScoreAdj: oomScoreAdj(pod, container, wholeUnits(context.allocatable.memory)),
    ...(context.processesOf === undefined ? {} : { processesOf: context.processesOf }),
    terminationMessagePath: container.terminationMessagePath || '/dev/termination-log',
    messageFromLog: container.terminationMessagePolicy === 'FallbackToLogsOnError',
    stopSignal: (image.config.StopSignal ?? 'SIGTERM').replace(/^SIG/, ''),
  };
};

export const podRef = ({ metadata }: Pod): PodRef => ({
  namespace: metadata.namespace ?? 'default',
  name: metadata.name,
  uid: metadata.uid ?? '',
});

/** `command` replaces the image's entrypoint and drops the image's arguments. `args` replaces only the arguments. */
const argumentsOf = (
  { command = [], args = [] }: Container,
  { config }: StoredImage,
  lookup: (name: string) => string | undefined,
): string[] => {
  const own = (list: readonly string[]): string[] => list.map((text) => expand(text, lookup));
  const entrypoint = command.length > 0 ? own(command) : [...(config.Entrypoint ?? [])];
  const rest = args.length > 0 ? own(args) : command.length > 0 ? [] : [...(config.Cmd ?? [])];
  const all = [...entrypoint, ...rest];
  if (all.length === 0) throw new ContainerConfigError('no command specified');
  return all;
};

interface FullEnv {
  readonly env: ReadonlyMap<string, string>;
  readonly home: string;
  readonly hostname: string;
  readonly image: StoredImage;
  readonly terminal: boolean;
}

/** Joins the defaults, the image's variables and the pod's variables. A later variable replaces an earlier one. */
const fullEnv = ({ env, home, hostname, image, terminal }: FullEnv): Map<string, string> => {
  const all = new Map([['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin']]);
  all.set('HOSTNAME', hostname);
  if (terminal) all.set('TERM', 'xterm');
  for (const entry of image.config.Env ?? []) {
    const at = entry.indexOf('=');
    if (at > 0) all.set(entry.slice(0, at), entry.slice(at + 1));
  }
  for (const [name, value] of env) all.set(name, value);
  if (!all.has('HOME')) all.set('HOME', home);
  return all;
};
