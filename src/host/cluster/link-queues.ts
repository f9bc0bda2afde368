// Refuses a cluster whose links need a queue that the kernel lacks, before anything of it is created.
import { type ClusterSpec, clusterNetwork } from '../../api/cluster.ts';
import { type LinkQuality, type QueueKind, qualityText, queueKind, queueModules } from '../../api/wiring.ts';
import { LabError } from '../../kit/error.ts';
import type { Containers } from '../docker/port.ts';
import { missingQueues } from '../setup/kernel.ts';

export interface ShapedLink {
  readonly machine: string;
  readonly network: string;
  readonly quality: LinkQuality;
}

/** The links with a delay, a loss or a rate. */
export const shapedLinks = ({ nodes, clients, machines = [], networks = [] }: ClusterSpec): readonly ShapedLink[] => [
  ...[...nodes, ...clients].flatMap(({ name: machine, link: quality }) =>
    quality ? [{ machine, network: clusterNetwork, quality }] : [],
  ),
  ...machines.flatMap(({ name: machine, networks: attached }) =>
    attached.flatMap(({ name: network, link }) => {
      const quality = link ?? networks.find(({ name }) => name === network)?.link;
      return quality ? [{ machine, network, quality }] : [];
    }),
  ),
];

/** @throws LabError LAB_NO_QUEUE */
export const refuseMissingQueues = async (
  containers: Containers,
  image: string,
  spec: ClusterSpec,
  signal: AbortSignal,
): Promise<void> => {
  const links = shapedLinks(spec);
  const queues = [...new Set(links.flatMap(({ quality }) => queueKind(quality) ?? []))];
  if (queues.length === 0) return;
  const [missing] = await missingQueues(containers, image, queues, signal);
  const link = links.find(({ quality }) => queueKind(quality) === missing);
  if (missing !== undefined && link) throw noQueue(missing, link);
};

const noQueue = (queue: QueueKind, { machine, network, quality }: ShapedLink): LabError => {
  const [module, text] = [queueModules[queue], qualityText(quality)];
  const message = `The kernel has no ${module} for the link of ${machine} to the network ${network}: ${text}`;
  return new LabError('LAB_NO_QUEUE', message, { hint: queueHint });
};

export const queueHint =
  'Load this kernel module on the machine of the Docker engine, or use a kernel that has it. ' +
  'The lines netem and tbf of `labs doctor` say how.';
