// Periodic work: restores the objects that every cluster has, removes old revisions, and removes events after an hour.
import type { KubeEvent } from '../../api/core.ts';
import { events } from '../../api/resources.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Store } from './store/store.ts';

const compactionMs = 60_000;
const repairMs = 10_000;
const eventLifeMs = 3_600_000;

export interface HousekeepingOptions {
  readonly store: Store;
  /** Restores the objects that every cluster has. A student may have deleted the service `kubernetes`. */
  readonly repair: () => void;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

export const startHousekeeping = ({ store, repair, signal, logger }: HousekeepingOptions): void => {
  const every = (milliseconds: number, task: () => void): void => {
    const timer = setInterval(() => {
      try {
        task();
      } catch (error) {
        logger.error('Housekeeping failed', error);
      }
    }, milliseconds);
    timer.unref();
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  };
  every(repairMs, repair);
  every(compactionMs, () => {
    for (const event of store.list(events) as KubeEvent[]) if (isOld(event)) store.remove(events, event);
    store.compact();
  });
};

const isOld = ({ lastTimestamp, firstTimestamp, metadata }: KubeEvent): boolean => {
  const time = lastTimestamp ?? firstTimestamp ?? metadata.creationTimestamp;
  return time !== undefined && time !== null && Date.parse(time) < Date.now() - eventLifeMs;
};
