// What looking after a pod takes: the runtime, the API server, and what this node is called.
import type { Service } from '../../../api/core.ts';
import type { Logger } from '../../../kit/logger.ts';
import type { Client } from '../../client/types.ts';
import type { DnsSettings } from '../container/files.ts';
import type { SourceCache } from '../container/source-cache.ts';
import type { Prober } from '../probe/prober.ts';
import type { ImageStore } from '../runtime/images.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { PodEvents } from './events.ts';
import type { StatusWriter } from './status-writer.ts';

export interface WorkerDeps {
  readonly client: Pick<Client, 'delete'>;
  readonly runtime: Runtime;
  readonly images: ImageStore;
  readonly prober: Prober;
  readonly events: PodEvents;
  readonly statuses: StatusWriter;
  readonly sources: SourceCache;
  readonly services: () => readonly Service[];
  readonly dns: DnsSettings;
  readonly nodeName: string;
  readonly nodeIp: string;
  /** /var/lib/kubelet/pods */
  readonly podsFolder: string;
  readonly logger: Logger;
}
