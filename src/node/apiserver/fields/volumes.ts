// The fields of volumes and of their mounts.
import { type FieldTable, honoured, refused } from './support.ts';

const noStorage = 'a lab has no storage classes and no network storage';
const noCloud = 'a lab runs in no cloud';
const files = 'kubelet/container/volume-files.ts';

export const volumeFields: FieldTable = {
  'core.v1.Volume': {
    ...honoured('kubelet/container/volumes.ts', 'name hostPath emptyDir secret configMap downwardAPI projected'),
    ...honoured('scheduler/schedule.ts', 'persistentVolumeClaim'),
    ...refused('ephemeral csi flexVolume', noStorage),
    ...refused('nfs iscsi glusterfs rbd cephfs fc quobyte flocker portworxVolume scaleIO storageos', noStorage),
    ...refused('gcePersistentDisk awsElasticBlockStore azureDisk azureFile cinder', noCloud),
    ...refused('vsphereVolume photonPersistentDisk', noCloud),
    ...refused('gitRepo', 'the original has retired it; clone in an init container into an emptyDir'),
    ...refused('image', 'images become root file systems only'),
  },
  'core.v1.HostPathVolumeSource': honoured('kubelet/container/host-path.ts', 'path type'),
  'core.v1.EmptyDirVolumeSource': {
    ...honoured('kubelet/pod/eviction.ts', 'medium sizeLimit'),
  },
  'core.v1.SecretVolumeSource': honoured(files, 'secretName items defaultMode optional'),
  'core.v1.ConfigMapVolumeSource': honoured(files, 'name items defaultMode optional'),
  'core.v1.KeyToPath': honoured(files, 'key path mode'),
  'core.v1.ProjectedVolumeSource': {
    ...honoured('kubelet/container/sources.ts', 'sources'),
    ...honoured(files, 'defaultMode'),
  },
  'core.v1.VolumeProjection': {
    ...honoured(files, 'secret configMap downwardAPI serviceAccountToken'),
    ...refused('clusterTrustBundle', 'the API of a lab has no cluster trust bundles'),
  },
  'core.v1.SecretProjection': honoured(files, 'name items optional'),
  'core.v1.ConfigMapProjection': honoured(files, 'name items optional'),
  'core.v1.ServiceAccountTokenProjection': {
    ...honoured('kubelet/container/tokens.ts', 'audience expirationSeconds'),
    ...honoured(files, 'path'),
  },
  'core.v1.PersistentVolumeClaimVolumeSource': {
    ...honoured('scheduler/schedule.ts', 'claimName'),
    ...refused('readOnly', noStorage, [false]),
  },
  'core.v1.DownwardAPIVolumeSource': honoured(files, 'items defaultMode'),
  'core.v1.DownwardAPIProjection': honoured(files, 'items'),
  'core.v1.DownwardAPIVolumeFile': {
    ...honoured(files, 'path fieldRef resourceFieldRef mode'),
  },
  'core.v1.VolumeMount': {
    ...honoured('kubelet/container/volumes.ts', 'name readOnly mountPath subPath subPathExpr'),
    ...honoured('kubelet/container/volumes.ts', 'recursiveReadOnly mountPropagation'),
  },
};
