// Defaults of containers, their probes and their hooks.
import type { Container, Probe, ProbeHandler } from '../../../../api/core-pods.ts';
import { roundUpQuantity } from '../../../../api/quantity-text.ts';
import { setFieldRefDefaults } from './volume-defaults.ts';

export const setContainerDefaults = (container: Container): void => {
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  container.imagePullPolicy ||= hasTagLatest(container.image ?? '') ? 'Always' : 'IfNotPresent';
  container.resources ??= {};
  for (const amounts of [container.resources.limits, container.resources.requests]) roundUpAmounts(amounts);
  for (const port of container.ports ?? []) port.protocol ||= 'TCP';
  for (const { valueFrom } of container.env ?? []) if (valueFrom) setFieldRefDefaults(valueFrom);
  const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container;
  for (const probe of [livenessProbe, readinessProbe, startupProbe]) if (probe) setProbeDefaults(probe);
  for (const hook of [lifecycle?.postStart, lifecycle?.preStop]) if (hook) setHandlerDefaults(hook);
};

/** No tag, or `:latest`. An image with a digest has no such tag. */
const hasTagLatest = (image: string): boolean => {
  if (image.includes('@')) return false;
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest';
};

/** Amounts of resources have at most three decimal places. */
const roundUpAmounts = (amounts: Record<string, string> = {}): void => {
  for (const [name, amount] of Object.entries(amounts)) amounts[name] = roundUpQuantity(amount, -3);
};

const setProbeDefaults = (probe: Probe): void => {
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  setHandlerDefaults(probe);
};

const setHandlerDefaults = ({ httpGet, grpc }: ProbeHandler): void => {
  // kubectl describe fails on a gRPC probe without a service.
  if (grpc) grpc.service ??= '';
  if (!httpGet) return;
  httpGet.path ||= '/';
  httpGet.scheme ||= 'HTTP';
};
