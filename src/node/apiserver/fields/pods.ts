// The fields of pods, without those of containers, volumes and scheduling.
import { type FieldTable, honoured, refused, statusOnly } from './support.ts';

const noProfiles = 'the security modules of the machine are off in the nodes of a lab';
const noWindows = 'all nodes of a lab run Linux';

export const windowsOptions = refused('windowsOptions', noWindows, [{}]);
export const securityModules = {
  ...refused('seLinuxOptions', noProfiles, [{}]),
  ...honoured('kubelet/container/seccomp-profile.ts', 'seccompProfile'),
  ...honoured('apiserver/fields/pods.ts', 'appArmorProfile'),
};

export const podFields: FieldTable = {
  'core.v1.Pod': {
    ...honoured('apiserver/routes/decode.ts', 'kind apiVersion'),
    ...honoured('apiserver/admission/write.ts', 'metadata'),
    ...honoured('apiserver/resources/pods/validate/spec.ts', 'spec'),
    ...statusOnly('status'),
  },
  'core.v1.PodSpec': {
    ...honoured('kubelet/container/volumes.ts', 'volumes'),
    ...honoured('kubelet/pod/plan.ts', 'containers restartPolicy'),
    ...honoured('kubelet/pod/init.ts', 'initContainers'),
    ...honoured('kubelet/pod/plan-builder.ts', 'terminationGracePeriodSeconds'),
    ...honoured('apiserver/resources/pods/ephemeral.ts', 'ephemeralContainers'),
    ...honoured('kubelet/pod/deadline.ts', 'activeDeadlineSeconds'),
    ...honoured('kubelet/container/resolv-conf.ts', 'dnsPolicy dnsConfig'),
    ...honoured('kubelet/container/files.ts', 'hostname subdomain hostAliases'),
    ...honoured('api/node-affinity.ts', 'nodeSelector'),
    ...honoured('scheduler/affinity.ts', 'affinity'),
    ...honoured('scheduler/spread.ts', 'topologySpreadConstraints'),
    ...honoured('apiserver/resources/pods/defaults.ts', 'serviceAccountName serviceAccount'),
    ...honoured('apiserver/resources/pods/service-account.ts', 'automountServiceAccountToken'),
    ...honoured('kubelet/pod/sync-loop.ts', 'nodeName'),
    ...honoured('kubelet/pod/actions.ts', 'hostNetwork'),
    ...honoured('kubelet/container/spec.ts', 'hostPID shareProcessNamespace'),
    ...honoured('kubelet/pod/actions.ts', 'hostIPC'),
    ...honoured('kubelet/container/files.ts', 'setHostnameAsFQDN'),
    ...refused('hostUsers', 'pods of a lab have no user namespaces of their own', [true]),
    ...honoured('kubelet/container/spec.ts', 'securityContext'),
    ...refused('imagePullSecrets', 'nodes pull no images; load an image with `labs image load`'),
    ...honoured('scheduler/scheduler.ts', 'schedulerName priority schedulingGates'),
    ...honoured('scheduler/filter.ts', 'tolerations'),
    ...honoured('apiserver/resources/pods/priority.ts', 'priorityClassName'),
    ...honoured('scheduler/preempt.ts', 'preemptionPolicy'),
    ...honoured('kubelet/pod/status.ts', 'readinessGates'),
    ...refused('runtimeClassName overhead', 'a lab has one container runtime and no runtime classes'),
    ...honoured('kubelet/container/service-links.ts', 'enableServiceLinks'),
    ...honoured('apiserver/fields/pods.ts', 'os'),
    ...refused('resourceClaims', 'a lab has no dynamic resources'),
    ...refused('resources', 'only containers have resources'),
  },
  'core.v1.PodOS': refused('name', noWindows, ['linux']),
  'core.v1.HostAlias': honoured('kubelet/container/files.ts', 'ip hostnames'),
  'core.v1.PodDNSConfig': honoured('kubelet/container/resolv-conf.ts', 'nameservers searches options'),
  'core.v1.PodDNSConfigOption': honoured('kubelet/container/resolv-conf.ts', 'name value'),
  'core.v1.PodReadinessGate': honoured('kubelet/pod/status.ts', 'conditionType'),
  'core.v1.PodSchedulingGate': honoured('scheduler/scheduler.ts', 'name'),
  'core.v1.PodSecurityContext': {
    ...honoured('kubelet/container/security.ts', 'runAsUser runAsGroup runAsNonRoot supplementalGroups'),
    ...honoured('kubelet/container/ownership.ts', 'fsGroup fsGroupChangePolicy'),
    ...honoured('kubelet/container/security.ts', 'supplementalGroupsPolicy'),
    ...honoured('kubelet/container/spec.ts', 'sysctls'),
    ...securityModules,
    ...refused('seLinuxChangePolicy', noProfiles, ['MountOption']),
    ...windowsOptions,
  },
  'core.v1.Sysctl': honoured('kubelet/container/spec.ts', 'name value'),
  'core.v1.SeccompProfile': {
    ...honoured('kubelet/container/seccomp-profile.ts', 'type localhostProfile'),
  },
  'core.v1.AppArmorProfile': {
    ...refused('type', noProfiles, ['Unconfined']),
    ...refused('localhostProfile', noProfiles),
  },
};
