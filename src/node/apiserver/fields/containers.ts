// The fields of containers, their probes and their security contexts.
import { securityModules, windowsOptions } from './pods.ts';
import { type Fields, type FieldTable, honoured, refused } from './support.ts';

const container: Fields = {
  ...honoured('kubelet/container/spec.ts', 'name image command args workingDir securityContext stdin stdinOnce tty'),
  ...honoured('kubelet/pod/actions.ts', 'ports'),
  ...honoured('kubelet/container/env.ts', 'envFrom env'),
  ...honoured('kubelet/container/limits.ts', 'resources'),
  ...refused('resizePolicy', 'the resources of a running container cannot change'),
  ...honoured('api/pods.ts', 'restartPolicy'),
  ...honoured('kubelet/container/volumes.ts', 'volumeMounts'),
  ...refused('volumeDevices', 'a lab has no block devices'),
  ...honoured('kubelet/probe/prober.ts', 'livenessProbe readinessProbe startupProbe'),
  ...honoured('kubelet/pod/hooks.ts', 'lifecycle'),
  ...honoured('kubelet/container/spec.ts', 'terminationMessagePath terminationMessagePolicy'),
  ...honoured('kubelet/pod/start-errors.ts', 'imagePullPolicy'),
};

const noService = 'an ephemeral container only helps to find a fault';

const nameAndKey = honoured('kubelet/container/env.ts', 'name key optional');
const nameOnly = honoured('kubelet/container/env.ts', 'name optional');

export const containerFields: FieldTable = {
  'core.v1.Container': container,
  'core.v1.EphemeralContainer': {
    ...container,
    ...honoured('kubelet/pod/actions.ts', 'targetContainerName'),
    ...refused('ports resources restartPolicy', noService, [{}]),
    ...refused('livenessProbe readinessProbe startupProbe lifecycle', noService),
  },
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
    ...honoured('kubelet/container/downward-api.ts', 'containerName resource divisor'),
  },
  'core.v1.ConfigMapKeySelector': nameAndKey,
  'core.v1.SecretKeySelector': nameAndKey,
  'core.v1.ResourceRequirements': {
    ...honoured('kubelet/container/limits.ts', 'requests limits'),
    ...refused('claims', 'a lab has no dynamic resources'),
  },
  'core.v1.Probe': {
    ...honoured('kubelet/probe/probe.ts', 'exec httpGet tcpSocket grpc'),
    ...honoured(
      'kubelet/probe/prober.ts',
      'initialDelaySeconds timeoutSeconds periodSeconds successThreshold failureThreshold',
    ),
    ...honoured('kubelet/pod/plan-builder.ts', 'terminationGracePeriodSeconds'),
  },
  'core.v1.ExecAction': honoured('kubelet/probe/probe.ts', 'command'),
  'core.v1.HTTPGetAction': honoured('kubelet/probe/http.ts', 'path port host scheme httpHeaders'),
  'core.v1.HTTPHeader': honoured('kubelet/probe/http.ts', 'name value'),
  'core.v1.GRPCAction': honoured('kubelet/probe/grpc.ts', 'port service'),
  'core.v1.TCPSocketAction': honoured('kubelet/probe/probe.ts', 'port host'),
  'core.v1.Lifecycle': honoured('kubelet/pod/hooks.ts', 'postStart preStop'),
  'core.v1.LifecycleHandler': {
    ...honoured('kubelet/pod/hooks.ts', 'exec httpGet sleep'),
    ...refused('tcpSocket', 'Kubernetes has retired it, and such a hook always fails'),
  },
  'core.v1.SleepAction': honoured('kubelet/pod/hooks.ts', 'seconds'),
  'core.v1.SecurityContext': {
    ...honoured('kubelet/container/security.ts', 'capabilities privileged runAsUser runAsGroup runAsNonRoot'),
    ...honoured('kubelet/container/security.ts', 'readOnlyRootFilesystem allowPrivilegeEscalation'),
    ...refused('procMount', 'the runtime of a lab hides parts of /proc', ['Default']),
    ...securityModules,
    ...windowsOptions,
  },
  'core.v1.Capabilities': honoured('kubelet/container/security.ts', 'add drop'),
};
