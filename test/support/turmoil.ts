// A kubelet process with an unsteady runtime and API server: calls are late and may fail, watches break, lists are old.
// When the process is killed, its calls have no further effect and never return.
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeList, KubeObject } from '../../src/api/meta.ts';
import type { Client } from '../../src/node/client/types.ts';
import type { Runtime } from '../../src/node/kubelet/runtime/runtime.ts';

export interface Weather {
  /** As Math.random. */
  readonly random: () => number;
  /** The longest pause before and after each call. */
  delayMs: number;
  /** The share of calls that fail. */
  failures: number;
  apiDown: boolean;
}

export interface KubeletProcess {
  readonly runtime: Runtime;
  readonly client: Client;
  readonly signal: AbortSignal;
  kill(): void;
}

/** Pauses that repeat for the same seed (mulberry32). */
export const seededRandom = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const changes = [
  'createSandbox',
  'removeSandbox',
  'startContainer',
  'signal',
  'removeContainer',
  'sandboxIntact',
] as const;
const requests = ['get', 'list', 'create', 'update', 'updateStatus', 'patch', 'delete'] as const;

export const startProcess = (runtime: Runtime, client: Client, weather: Weather): KubeletProcess => {
  const stop = new AbortController();
  const { signal } = stop;
  const never = new Promise<never>(() => {});
  const chance = (share: number): boolean => weather.random() < share;
  const pause = async (): Promise<void> => {
    if (weather.delayMs > 0) await delay(Math.floor(weather.random() * weather.delayMs));
    if (signal.aborted) await never;
  };
  /** A failed call of the runtime leaves nothing behind. A failed request may have had its effect. */
  const shaken =
    (call: (...args: never[]) => unknown, name: string, mayFailAfter: boolean) =>
    async (...args: never[]) => {
      await pause();
      if (mayFailAfter && weather.apiDown) throw new Error(`${name}: connection refused`);
      if (chance(weather.failures)) throw new Error(`${name} failed`);
      const result = await call(...args);
      await pause();
      if (mayFailAfter && chance(weather.failures)) throw new Error(`${name}: no answer`);
      return result;
    };
  const shake = <T extends object>(target: T, names: readonly (keyof T & string)[], mayFailAfter: boolean): T => {
    const methods = names.map((name) => [name, shaken(target[name] as never, name, mayFailAfter)]);
    return { ...target, ...Object.fromEntries(methods) };
  };
  const steady = shake(client, requests, true);
  return {
    signal,
    kill: () => stop.abort(),
    runtime: {
      ...shake(runtime, changes, false),
      onExit: (listener) =>
        runtime.onExit(async (record) => {
          await pause();
          listener(record);
        }),
    },
    client: {
      ...steady,
      list: withOldAnswers(steady.list, () => chance(weather.failures)) as Client['list'],
      async *watch(resource, options) {
        for await (const event of client.watch(resource, options)) {
          await pause();
          if (weather.apiDown || chance(weather.failures)) throw new Error('the watch broke');
          yield event;
        }
      },
    },
  };
};

/** An API server that has just started may answer a list from an older state. A watch from there tells the rest. */
const withOldAnswers = (list: Client['list'], isOld: () => boolean) => {
  const earlier = new Map<string, KubeList<KubeObject>[]>();
  return async (...[resource, selection]: Parameters<Client['list']>): Promise<KubeList<KubeObject>> => {
    const now = await list(resource, selection);
    const answers = earlier.get(resource.plural) ?? [];
    earlier.set(resource.plural, [...answers, structuredClone(now)]);
    return structuredClone((isOld() ? answers.at(0) : undefined) ?? now);
  };
};
