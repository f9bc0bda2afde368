// Validates probes and lifecycle hooks.
import type { Container, PodSpec, Probe } from '../../../../../api/core-pods.ts';
import type { IntOrString } from '../../../../../api/meta.ts';
import { type FieldError, forbiddenField, invalidValue, required } from '../../../validation/field.ts';
import { portNameProblems } from '../../../validation/names.ts';
import { atLeast, invalidValues, isPort, oneOf, portProblem } from '../../../validation/values.ts';

/** A probe's handler or a hook: one of these. */
interface Handler {
  readonly exec?: { readonly command?: readonly string[] };
  readonly httpGet?: {
    readonly path?: string;
    readonly port?: IntOrString;
    readonly scheme?: string;
    readonly httpHeaders?: readonly { readonly name?: string }[];
  };
  readonly tcpSocket?: { readonly port?: IntOrString };
  readonly grpc?: { readonly port?: number };
  readonly sleep?: { readonly seconds?: number };
}

export const validateProbes = (container: Container, path: string): FieldError[] => [
  ...validateProbe(container.livenessProbe, `${path}.livenessProbe`, 'liveness'),
  ...validateProbe(container.readinessProbe, `${path}.readinessProbe`, 'readiness'),
  ...validateProbe(container.startupProbe, `${path}.startupProbe`, 'startup'),
];

const counts = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const;

const validateProbe = (
  probe: Probe | undefined,
  path: string,
  kind: 'liveness' | 'readiness' | 'startup',
): FieldError[] => {
  if (!probe) return [];
  const { successThreshold, terminationGracePeriodSeconds: grace } = probe;
  const errors = [
    ...validateHandler(probe, undefined, path),
    ...counts.flatMap((field) => atLeast(probe[field], 0, `${path}.${field}`)),
  ];
  if (grace !== undefined && grace <= 0)
    errors.push(invalidValue(`${path}.terminationGracePeriodSeconds`, grace, 'must be greater than 0'));
  if (kind === 'readiness' && grace !== undefined)
    errors.push(invalidValue(`${path}.terminationGracePeriodSeconds`, grace, 'must not be set for readinessProbes'));
  if (kind !== 'readiness' && successThreshold !== 1)
    errors.push(invalidValue(`${path}.successThreshold`, successThreshold, 'must be 1'));
  return errors;
};

export const validateLifecycle = (
  lifecycle: Container['lifecycle'],
  { terminationGracePeriodSeconds: grace }: PodSpec,
  path: string,
): FieldError[] =>
  (['postStart', 'preStop'] as const).flatMap((hook) => {
    const handler = lifecycle?.[hook];
    return handler ? validateHandler(handler, grace, `${path}.${hook}`) : [];
  });

const validateHandler = (handler: Handler, grace: number | undefined, path: string): FieldError[] => {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  const given: [name: string, errors: () => FieldError[]][] = [];
  if (exec) given.push(['exec', () => (exec.command?.length ? [] : [required(`${path}.exec.command`)])]);
  if (httpGet) given.push(['httpGet', () => validateHttpGet(httpGet, `${path}.httpGet`)]);
  if (tcpSocket) given.push(['tcpSocket', () => validatePort(tcpSocket.port, `${path}.tcpSocket.port`)]);
  if (grpc) given.push(['grpc', () => validatePort(grpc.port, `${path}.grpc.port`)]);
  if (sleep) given.push(['sleep', () => validateSleep(sleep.seconds ?? 0, grace, `${path}.sleep`)]);
  const [first, ...others] = given;
  if (!first) return [required(path, 'must specify a handler type')];
  const [, errors] = first;
  return [
    ...errors(),
    ...others.map(([name]) => forbiddenField(`${path}.${name}`, 'may not specify more than 1 handler type')),
  ];
};

const headerProblem =
  "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is " +
  "'[-A-Za-z0-9]+')";

const validateHttpGet = (
  { path, port, scheme, httpHeaders = [] }: NonNullable<Handler['httpGet']>,
  field: string,
): FieldError[] => [
  ...(path === '' ? [required(`${field}.path`)] : []),
  ...validatePort(port, `${field}.port`),
  ...oneOf(scheme, ['HTTP', 'HTTPS'], `${field}.scheme`),
  ...httpHeaders.flatMap(({ name = '' }) =>
    /^[-A-Za-z0-9]+$/.test(name) ? [] : [invalidValue(`${field}.httpHeaders`, name, headerProblem)],
  ),
];

const validatePort = (port: IntOrString = 0, field: string): FieldError[] => {
  if (typeof port === 'number') return isPort(port) ? [] : [invalidValue(field, port, portProblem)];
  return invalidValues(field, port, portNameProblems(port));
};

const validateSleep = (seconds: number, grace: number | undefined, field: string): FieldError[] =>
  grace === undefined || (seconds > 0 && seconds <= grace)
    ? []
    : [
        invalidValue(
          field,
          seconds,
          `must be greater than 0 and less than terminationGracePeriodSeconds (${grace}). ` +
            'Enable AllowPodLifecycleSleepActionZeroValue feature gate for zero sleep.',
        ),
      ];
