// Keeps when each thing last changed, and lets callers wait for the next change. However often something changes, it
// takes one entry.
import type { Change, Changes } from '../api/changes.ts';

export interface ChangeLog {
  note(change: Change): void;
  version(): number;
  /** Forgets what nobody asks for any more. */
  drop(isUnwanted: (change: Change) => boolean): void;
  /** Waits until a wanted change is newer than `since`, and then a moment for those that come with it. */
  after(options: AfterOptions): Promise<Changes>;
}

export interface AfterOptions {
  readonly since: number;
  readonly waitMs: number;
  readonly wanted: (change: Change) => boolean;
  readonly signal?: AbortSignal | undefined;
}

interface Entry {
  readonly change: Change;
  readonly version: number;
}

/** One act, such as a sync of kube-proxy, changes several things within this time. */
const togetherMs = 25;

/** @param start Versions begin here. A later agent begins higher, so that all of its changes are news. */
export const createChangeLog = (start = Date.now()): ChangeLog => {
  const entries = new Map<string, Entry>();
  const waiting = new Set<() => void>();
  let version = start;
  return {
    version: () => version,
    note(change) {
      version += 1;
      entries.set(keyOf(change), { change, version });
      for (const look of waiting) look();
    },
    drop(isUnwanted) {
      for (const [key, { change }] of entries) if (isUnwanted(change)) entries.delete(key);
    },
    async after({ since, waitMs, wanted, signal }) {
      const news = (): readonly Change[] =>
        [...entries.values()]
          .filter((entry) => entry.version > since && wanted(entry.change))
          .map(({ change }) => change);
      if (news().length === 0) {
        const { promise: seen, resolve } = Promise.withResolvers<void>();
        const look = (): void => void (news().length > 0 && resolve());
        waiting.add(look);
        const timer = setTimeout(resolve, waitMs);
        signal?.addEventListener('abort', () => resolve(), { once: true });
        await seen;
        clearTimeout(timer);
        waiting.delete(look);
      }
      if (news().length > 0) await new Promise((resolve) => setTimeout(resolve, togetherMs));
      return { version, changed: news() };
    },
  };
};

/** A thing that changes anew while its first change was not yet told is one change. */
const keyOf = (change: Change): string => JSON.stringify({ ...change, first: undefined });
