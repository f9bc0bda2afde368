// Runs a controller. A change adds keys to the queue. A key is reconciled when the caches show the key's last writes.
import type { KubeObject } from '../../api/meta.ts';
import type { Resource } from '../../api/resources.ts';
import { messageOf } from '../../kit/error.ts';
import type { Logger } from '../../kit/logger.ts';
import { isAlreadyExists, isConflict } from '../client/error.ts';
import { createEventRecorder } from '../client/events.ts';
import type { Client } from '../client/types.ts';
import { startQueue } from '../component/queue.ts';
import { type Caches, worldOf } from './caches.ts';
import type { Controller, World } from './controller.ts';
import { createUnseen } from './unseen.ts';
import { ContentRemains, sendWrites } from './writes.ts';

export interface RuntimeOptions {
  readonly client: Client;
  readonly caches: Caches;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly now?: () => number;
}

/**
 * How long a key waits for the caches to show its last writes. Then it is reconciled in any case, because a watch may
 * have missed a write.
 */
const maxWaitMs = 5000;

/** Reconciles from the moment when the caches are complete. Resolves after an abort, when the last sync has ended. */
export const runController = async (controller: Controller, options: RuntimeOptions): Promise<void> => {
  const { client, caches, logger, signal, now = Date.now } = options;
  const recorder = createEventRecorder(client, { component: controller.name, logger });
  const errors = new Map<string, string>();
  const unseen = createUnseen({ caches, maxWaitMs, onSettled: (key) => queue.add(key) });
  let ready = false;

  const sync = async (key: string): Promise<void> => {
    if (!unseen.settled(key)) return queue.addAfter(key, unseen.waitLeftMs(key));
    const { writes, againInMs } = controller.reconcile(key, worldOf(caches, now(), errors.get(key)));
    if (againInMs !== undefined) queue.addAfter(key, againInMs);
    if (writes.length > 0) logger.info(5, 'Writing', { controller: controller.name, key, writes: writes.length });
    await sendWrites(writes, { client, recorder, onWritten: (written) => unseen.add(key, written) });
    errors.delete(key);
  };
  const onError = (key: string, error: unknown, retryInMs: number): void => {
    // The caches were stale. The retry sees the server's state.
    const stale = isConflict(error) || isAlreadyExists(error) || error instanceof ContentRemains;
    if (stale) {
      logger.info(4, 'Retrying', { controller: controller.name, key, err: messageOf(error) });
      return;
    }
    errors.set(key, messageOf(error));
    logger.error('Error syncing', error, { controller: controller.name, key, retryInMs });
  };
  const queue = startQueue({ sync, onError, signal });

  for (const resource of new Set(controller.watches.map((watch) => watch.resource))) {
    caches.of(resource).onChange((before, after) => {
      if (!ready) return;
      const world = worldOf(caches, now());
      for (const key of keysFor(controller, resource, [before, after], world)) queue.add(key);
    });
  }
  await caches.synced;
  ready = true;
  logger.info(2, 'Started controller', { controller: controller.name });
  const world = worldOf(caches, now());
  for (const { resource } of controller.watches)
    for (const key of keysFor(controller, resource, world.all(resource), world)) queue.add(key);
  await queue.stopped;
};

const keysFor = (
  controller: Controller,
  resource: Resource,
  objects: readonly (KubeObject | undefined)[],
  world: World,
): Set<string> => {
  const keys = new Set<string>();
  for (const watch of controller.watches) {
    if (watch.resource !== resource) continue;
    for (const object of objects) if (object) for (const key of watch.keys(object, world)) keys.add(key);
  }
  return keys;
};
