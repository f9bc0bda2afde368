// The names of containers, labels, links and volumes, for the plan that creates them and for the code that looks them
// up.
import { type Ipv4, ipv4ToNumber } from '../../api/scalars.ts';

/** Docker labels. Later commands find a cluster by them alone, so no file on the host can become stale. */
export const labels = {
  name: 'labs.name',
  lab: 'labs.lab',
  role: 'labs.role',
  /** The lab's folder on the student's machine, unless the lab comes with labs. */
  folder: 'labs.folder',
  /** What the values of the lab's parameters are drawn from. */
  seed: 'labs.seed',
  student: 'labs.student',
  /** Of an exam: how many seconds the student has. */
  timeLimit: 'labs.time-limit',
  machine: 'labs.machine',
  /** On the node that runs the API server; `true`. */
  controlPlane: 'labs.control-plane',
  definition: 'labs.definition',
  /** On the fabric: the ClusterSpec as JSON, to find what a changed definition changes. */
  spec: 'labs.spec',
  version: 'labs.version',
  /** The number of machines of the whole cluster. Fewer machines mean that a start was interrupted. */
  machines: 'labs.machines',
  /** On the gateway: the cluster's name. The gateway has no `labs.name`, because it is no machine of the lab. */
  gateway: 'labs.gateway',
  /** On the gateway: the port of the host's loopback. */
  port: 'labs.port',
  /** The link's address, such as `192.168.56.11/24 via 192.168.56.1`. A resume restores the links from it. */
  link: 'labs.link',
  /** The links of a router or host, as JSON. */
  links: 'labs.links',
  /** The LinkQuality of the link of a node or client, as JSON. */
  quality: 'labs.quality',
  /** Root's id outside of the machine; of the fabric: the first one of the cluster. */
  ids: 'labs.ids',
  /** The machine's further routes, as JSON. */
  routes: 'labs.routes',
} as const;

export const bridgeName = 'lab0';
export const linkName = 'eth0';

/** The volume with the pod images, shared by all clusters of an engine. */
export const imageVolume = 'labs-images';

/** The volume with the files of a node image, from which all machines get their root file system. */
export const rootVolume = (image: string): string => `${rootVolumePrefix}${image.split(':').pop()}`;
export const rootVolumePrefix = 'labs-root-';

/** `labs-service-networking-node01` */
export const containerName = (cluster: string, machine: string): string => `labs-${cluster}-${machine}`;

/** `02:42:c0:a8:38:0b` for 192.168.56.11: locally administered, and the same after each start. */
export const macOf = (address: Ipv4): string => {
  const value = ipv4ToNumber(address);
  const octets = [24, 16, 8, 0].map((shift) => ((value >>> shift) & 255).toString(16).padStart(2, '0'));
  return ['02', '42', ...octets].join(':');
};
