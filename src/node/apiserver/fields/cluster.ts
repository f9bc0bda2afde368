// The fields of workloads, nodes, namespaces, data, accounts, events and leases, and the metadata of all objects.
import { type FieldTable, honoured, refused, statusOnly } from './support.ts';

const object = {
  ...honoured('apiserver/routes/decode.ts', 'kind apiVersion'),
  ...honoured('apiserver/admission/write.ts', 'metadata'),
};
const write = 'apiserver/admission/write.ts';
const replicaSet = 'controllers/replicaset.ts';
const deployment = 'controllers/deployment/deployment.ts';
const daemonSet = 'controllers/daemonset/daemonset.ts';
const noPulling = 'nodes pull no images; load an image with `labs image load`';

const metaFields: FieldTable = {
  'meta.v1.ObjectMeta': {
    ...honoured(write, 'name generateName namespace finalizers'),
    ...honoured('apiserver/validation/names.ts', 'labels annotations'),
    ...honoured('controllers/garbagecollector.ts', 'ownerReferences'),
    ...honoured(write, 'uid resourceVersion generation creationTimestamp'),
    ...honoured(write, 'deletionTimestamp deletionGracePeriodSeconds'),
    ...honoured('apiserver/ownership/update.ts', 'managedFields'),
    ...statusOnly('selfLink'),
  },
  'meta.v1.OwnerReference': honoured(
    'controllers/garbagecollector.ts',
    'apiVersion kind name uid controller blockOwnerDeletion',
  ),
  'meta.v1.ManagedFieldsEntry': honoured(
    'apiserver/ownership/managers.ts',
    'manager operation apiVersion time fieldsType fieldsV1 subresource',
  ),
  'meta.v1.LabelSelector': honoured('apiserver/resources/workloads.ts', 'matchLabels matchExpressions'),
  'meta.v1.LabelSelectorRequirement': honoured('apiserver/resources/workloads.ts', 'key operator values'),
  'core.v1.ObjectReference': {
    ...honoured('apiserver/routes/binding.ts', 'kind name'),
    ...statusOnly('namespace uid apiVersion resourceVersion fieldPath'),
  },
};

const workloadFields: FieldTable = {
  'apps.v1.Deployment': { ...object, ...honoured(deployment, 'spec'), ...statusOnly('status') },
  'apps.v1.DeploymentSpec': {
    ...honoured(deployment, 'replicas selector template strategy minReadySeconds revisionHistoryLimit paused'),
    ...honoured('controllers/deployment/status.ts', 'progressDeadlineSeconds'),
  },
  'apps.v1.DeploymentStrategy': honoured('controllers/deployment/numbers.ts', 'type rollingUpdate'),
  'apps.v1.RollingUpdateDeployment': honoured('controllers/deployment/numbers.ts', 'maxUnavailable maxSurge'),
  'apps.v1.ReplicaSet': { ...object, ...honoured(replicaSet, 'spec'), ...statusOnly('status') },
  'apps.v1.ReplicaSetSpec': honoured(replicaSet, 'replicas minReadySeconds selector template'),
  'apps.v1.DaemonSet': { ...object, ...honoured(daemonSet, 'spec'), ...statusOnly('status') },
  'apps.v1.DaemonSetSpec': {
    ...honoured(daemonSet, 'selector minReadySeconds'),
    ...honoured('controllers/daemonset/nodes.ts', 'template'),
    ...honoured('controllers/daemonset/rollout.ts', 'updateStrategy'),
    ...honoured('controllers/daemonset/history.ts', 'revisionHistoryLimit'),
  },
  'apps.v1.DaemonSetUpdateStrategy': honoured('controllers/daemonset/rollout.ts', 'type rollingUpdate'),
  'apps.v1.RollingUpdateDaemonSet': honoured('controllers/daemonset/rollout.ts', 'maxUnavailable maxSurge'),
  'apps.v1.ControllerRevision': { ...object, ...honoured('controllers/daemonset/history.ts', 'data revision') },
  'core.v1.PodTemplateSpec': honoured(replicaSet, 'metadata spec'),
};

const policies = 'api/network-policies.ts';

const policyFields: FieldTable = {
  'networking.v1.NetworkPolicy': { ...object, ...honoured(policies, 'spec') },
  'networking.v1.NetworkPolicySpec': honoured(policies, 'podSelector policyTypes ingress egress'),
  'networking.v1.NetworkPolicyIngressRule': honoured(policies, 'from ports'),
  'networking.v1.NetworkPolicyEgressRule': honoured(policies, 'to ports'),
  'networking.v1.NetworkPolicyPeer': honoured(policies, 'podSelector namespaceSelector ipBlock'),
  'networking.v1.IPBlock': honoured(policies, 'cidr except'),
  'networking.v1.NetworkPolicyPort': honoured(policies, 'protocol port endPort'),
};

const nodeFields: FieldTable = {
  'core.v1.Node': {
    ...object,
    ...honoured('apiserver/resources/nodes.ts', 'spec'),
    ...statusOnly('status'),
  },
  'core.v1.NodeSpec': {
    ...honoured('controllers/nodeipam.ts', 'podCIDR podCIDRs'),
    ...statusOnly('providerID'),
    ...honoured('scheduler/filter.ts', 'unschedulable taints'),
    ...refused('configSource externalID', 'the original has retired it'),
  },
  'core.v1.Taint': {
    ...honoured('api/taints.ts', 'key value effect'),
    ...honoured('controllers/tainteviction.ts', 'timeAdded'),
  },
  'core.v1.Namespace': { ...object, ...honoured('apiserver/resources/namespaces.ts', 'spec'), ...statusOnly('status') },
  'core.v1.NamespaceSpec': honoured('apiserver/routes/finalize.ts', 'finalizers'),
};

const dataFields: FieldTable = {
  'core.v1.ConfigMap': {
    ...object,
    ...honoured('apiserver/resources/data.ts', 'immutable'),
    ...honoured('kubelet/container/volume-files.ts', 'data binaryData'),
  },
  'core.v1.Secret': {
    ...object,
    ...honoured('apiserver/resources/data.ts', 'immutable'),
    ...honoured('apiserver/resources/secrets.ts', 'type stringData'),
    ...honoured('kubelet/container/volume-files.ts', 'data'),
  },
  'core.v1.ServiceAccount': {
    ...object,
    ...refused('secrets', 'a lab makes no secrets with tokens'),
    ...refused('imagePullSecrets', noPulling),
    ...honoured('apiserver/resources/pods/service-account.ts', 'automountServiceAccountToken'),
  },
};

const recordFields: FieldTable = {
  'core.v1.Event': {
    ...object,
    ...honoured('apiserver/resources/events.ts', 'involvedObject reason message source type count'),
    ...honoured('apiserver/housekeeping.ts', 'firstTimestamp lastTimestamp'),
    ...statusOnly('eventTime series action related reportingComponent reportingInstance'),
  },
  'core.v1.EventSource': statusOnly('component host'),
  'coordination.v1.Lease': { ...object, ...honoured('controllers/nodelifecycle.ts', 'spec') },
  'coordination.v1.LeaseSpec': {
    ...honoured('controllers/nodelifecycle.ts', 'renewTime'),
    ...statusOnly('holderIdentity leaseDurationSeconds acquireTime leaseTransitions'),
    ...refused('strategy preferredHolder', 'a lab does not elect leaders for its clients'),
  },
};

const signing = 'controllers/signing.ts';

const certificateFields: FieldTable = {
  'certificates.v1.CertificateSigningRequest': { ...object, ...honoured(signing, 'spec'), ...statusOnly('status') },
  'certificates.v1.CertificateSigningRequestSpec': {
    ...honoured(signing, 'request signerName expirationSeconds usages'),
    ...statusOnly('username uid groups extra'),
  },
};

const allocate = 'apiserver/resources/services/allocate.ts';

const rangeFields: FieldTable = {
  'networking.v1beta1.ServiceCIDR': { ...object, ...honoured(allocate, 'spec'), ...statusOnly('status') },
  'networking.v1beta1.ServiceCIDRSpec': honoured(allocate, 'cidrs'),
  'networking.v1beta1.IPAddress': { ...object, ...honoured(allocate, 'spec') },
  'networking.v1beta1.IPAddressSpec': honoured(allocate, 'parentRef'),
  'networking.v1beta1.ParentReference': { ...honoured(allocate, 'resource namespace name'), ...statusOnly('group') },
};

export const clusterFields: FieldTable = {
  ...rangeFields,
  ...metaFields,
  ...workloadFields,
  ...nodeFields,
  ...policyFields,
  ...dataFields,
  ...recordFields,
  ...certificateFields,
};
