// What the workers of all pods share: the runtime, the API server, the node's settings. main.ts creates these parts.
import type { Service } from '../../../api/core.ts';
import type { Logger } from '../../../kit/logger.ts';
import type { Client } from '../../client/types.ts';
import type { PodFilesOptions } from '../container/files-writer.ts';
import type { SourceCache } from '../container/source-cache.ts';
import type { Prober } from '../probe/prober.ts';
import type { ImageStore } from '../runtime/images.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { PodEvents } from './events.ts';
import type { StatusWriter } from './status-writer.ts';

export interface WorkerDeps extends PodFilesOptions {
  readonly client: Pick<Client, 'delete'>;
  readonly runtime: Runtime;
  readonly images: ImageStore;
  readonly prober: Prober;
  readonly events: PodEvents;
  readonly statuses: StatusWriter;
  readonly sources: SourceCache;
  readonly services: () => readonly Service[];
  readonly nodeIp: string;
  /** What the node has for pods, by resource: quantities as in its status. */
  readonly allocatable: Readonly<Record<string, string>>;
  /** The capabilities that containers of this node can have. */
  readonly capabilities: ReadonlySet<string>;
  readonly allowedUnsafeSysctls: readonly string[];
  readonly logger: Logger;
}
