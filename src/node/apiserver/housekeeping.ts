// What the server does on the side: forgets old revisions, and events after an hour, as the original does.
import type { KubeEvent } from '../../api/core.ts';
import { events } from '../../api/resources.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Store } from './store/store.ts';

const intervalMs = 60_000;
const eventLifeMs = 3_600_000;

export const startHousekeeping = (store: Store, signal: AbortSignal, logger: Logger): void => {
  const timer = setInterval(() => {
    try {
      for (const event of store.list(events) as KubeEvent[]) if (isOld(event)) store.remove(events, event);
      store.compact();
    } catch (error) {
      logger.error('Housekeeping failed', error);
    }
  }, intervalMs);
  timer.unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
};

const isOld = ({ lastTimestamp, firstTimestamp, metadata }: KubeEvent): boolean => {
  const time = lastTimestamp ?? firstTimestamp ?? metadata.creationTimestamp;
  return time !== undefined && time !== null && Date.parse(time) < Date.now() - eventLifeMs;
};
