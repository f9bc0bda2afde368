// What the checks of Pod Security read of a pod, and the words that all of them use.
import type { Container, PodSpec } from '../../../api/core-pods.ts';

interface Profile {
  readonly type?: string;
}
export interface SecurityContext {
  readonly privileged?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
  readonly procMount?: string;
  readonly runAsUser?: number;
  readonly runAsNonRoot?: boolean;
  readonly seccompProfile?: Profile;
  readonly appArmorProfile?: Profile;
  readonly seLinuxOptions?: { readonly type?: string; readonly user?: string; readonly role?: string };
}

/** A pod as the checks see it. Objects are checked before they are validated, so everything may be missing. */
export interface Subject {
  readonly spec: PodSpec;
  readonly annotations: Readonly<Record<string, string>>;
  readonly pod: SecurityContext & { readonly sysctls?: readonly { readonly name?: string }[] };
  readonly containers: readonly { readonly container: Container; readonly security: SecurityContext }[];
}

/** What a pod violates: `privileged (container "a" must not set securityContext.privileged=true)`. */
export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

export const subjectOf = (
  spec: Partial<PodSpec> | undefined,
  annotations: Readonly<Record<string, string>> = {},
): Subject => {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = spec ?? {};
  return {
    spec: { ...spec, containers },
    annotations,
    pod: spec?.securityContext ?? {},
    containers: [...initContainers, ...containers, ...ephemeralContainers].map((container) => ({
      container,
      security: container.securityContext ?? {},
    })),
  };
};

/** The names of the containers that fail the test. */
export const failing = (
  { containers }: Subject,
  fails: (security: SecurityContext, container: Container) => boolean,
): string[] =>
  containers.filter(({ container, security }) => fails(security, container)).map(({ container }) => container.name);

export const quoted = (names: readonly string[]): string => names.map((name) => JSON.stringify(name)).join(', ');

export const plural = (one: string, many: string, list: readonly unknown[]): string => (list.length === 1 ? one : many);

/** `container "a"`, `containers "a", "b"` */
export const listed = (names: readonly string[]): string =>
  `${plural('container', 'containers', names)} ${quoted(names)}`;

/** `pod and container "a"`. Empty if nobody sets the field. */
export const setters = (isPod: boolean, names: readonly string[]): string =>
  [...(isPod ? ['pod'] : []), ...(names.length > 0 ? [listed(names)] : [])].join(' and ');

export const unique = (values: readonly string[]): string[] => [...new Set(values)].sort();
