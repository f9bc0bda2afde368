// The fields of containers, their probes and their security contexts.
import { securityModules, windowsOptions } from './pods.ts';
import { type Fields, type FieldTable, honoured, refused } from './support.ts';

const container: Fields = {
  ...honoured('kubelet/container/spec.ts', 'name image command args workingDir securityContext stdin stdinOnce tty'),
  ...honoured('kubelet/pod/actions.ts', 'ports'),
  ...honoured('kubelet/container/env.ts', 'envFrom env'),
  ...honoured('scheduler/resources.ts', 'resources'),
  ...refused('resizePolicy', 'the resources of a running container cannot change'),
  ...refused('restartPolicy', 'an init container of a lab ends before the next container starts'),
  ...honoured('kubelet/container/volumes.ts', 'volumeMounts'),
  ...refused('volumeDevices', 'a lab has no block devices'),
  ...honoured('kubelet/probe/prober.ts', 'livenessProbe readinessProbe startupProbe'),
  ...honoured('kubelet/pod/hooks.ts', 'lifecycle'),
  ...refused('terminationMessagePath', 'the kubelet of a lab reads no messages', ['/dev/termination-log']),
  ...refused('terminationMessagePolicy', 'the kubelet of a lab reads no messages', ['File']),
  ...honoured('kubelet/pod/start-errors.ts', 'imagePullPolicy'),
};

const handler = honoured('kubelet/probe/probe.ts', 'exec httpGet tcpSocket');

const nameAndKey = honoured('kubelet/container/env.ts', 'name key optional');
const nameOnly = honoured('kubelet/container/env.ts', 'name optional');

export const containerFields: FieldTable = {
  'core.v1.Container': container,
  'core.v1.ContainerPort': {
    ...honoured('kubelet/pod/actions.ts', 'hostPort containerPort protocol hostIP'),
    ...honoured('controllers/service-pods.ts', 'name'),
  },
  'core.v1.EnvFromSource': honoured('kubelet/container/env.ts', 'prefix configMapRef secretRef'),
  'core.v1.ConfigMapEnvSource': nameOnly,
  'core.v1.SecretEnvSource': nameOnly,
  'core.v1.EnvVar': honoured('kubelet/container/env.ts', 'name value valueFrom'),
  'core.v1.EnvVarSource': honoured(
    'kubelet/container/env.ts',
    'fieldRef resourceFieldRef configMapKeyRef secretKeyRef',
  ),
  'core.v1.ObjectFieldSelector': {
    ...refused('apiVersion', 'pods have one version', ['v1']),
    ...honoured('kubelet/container/env.ts', 'fieldPath'),
  },
  'core.v1.ResourceFieldSelector': {
    ...honoured('kubelet/container/downward-api.ts', 'containerName resource'),
    ...refused('divisor', 'the downward API of a lab counts in whole units', ['1', '0']),
  },
  'core.v1.ConfigMapKeySelector': nameAndKey,
  'core.v1.SecretKeySelector': nameAndKey,
  'core.v1.ResourceRequirements': {
    ...honoured('scheduler/resources.ts', 'requests limits'),
    ...refused('claims', 'a lab has no dynamic resources'),
  },
  'core.v1.Probe': {
    ...handler,
    ...refused('grpc', 'the kubelet of a lab sends no gRPC probes'),
    ...honoured(
      'kubelet/probe/prober.ts',
      'initialDelaySeconds timeoutSeconds periodSeconds successThreshold failureThreshold',
    ),
    ...refused('terminationGracePeriodSeconds', 'the grace period of the pod counts'),
  },
  'core.v1.ExecAction': honoured('kubelet/probe/probe.ts', 'command'),
  'core.v1.HTTPGetAction': honoured('kubelet/probe/probe.ts', 'path port host scheme httpHeaders'),
  'core.v1.HTTPHeader': honoured('kubelet/probe/probe.ts', 'name value'),
  'core.v1.TCPSocketAction': honoured('kubelet/probe/probe.ts', 'port host'),
  'core.v1.Lifecycle': honoured('kubelet/pod/hooks.ts', 'postStart preStop'),
  'core.v1.LifecycleHandler': {
    ...handler,
    ...refused('sleep', 'the kubelet of a lab runs only commands and requests as hooks'),
  },
  'core.v1.SecurityContext': {
    ...honoured('kubelet/container/spec.ts', 'capabilities privileged runAsUser runAsGroup runAsNonRoot'),
    ...honoured('kubelet/container/spec.ts', 'readOnlyRootFilesystem allowPrivilegeEscalation'),
    ...refused('procMount', 'the runtime of a lab hides parts of /proc', ['Default']),
    ...securityModules,
    ...windowsOptions,
  },
  'core.v1.Capabilities': honoured('kubelet/container/spec.ts', 'add drop'),
};
