// Real traffic while the cluster changes, and the wait until packets go where they should.
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../../kit/error.ts';
import { addressOf } from '../checks/ways.ts';
import { placeOf } from '../collect.ts';
import { type Spot, spotOf } from '../facts.ts';
import { askCluster, type HandleOptions } from '../handle.ts';
import { splitHostPort } from '../reference.ts';
import type { View } from '../view/view.ts';
import type { ChangeOutcome, ChangeRequest } from './types.ts';

type Counts = Pick<ChangeOutcome, 'sent' | 'failed' | 'failure'>;

interface Traffic extends AsyncDisposable {
  /** Waits for the requests on their way. */
  stop(): Promise<Counts>;
}

/** A request that takes longer counts as failed. */
const requestMs = 1000;

/** Sends requests at a fixed rate, also while earlier ones wait: a slow answer does not hide the failures behind it. */
export const startTraffic = async (options: HandleOptions, { from, to, rate }: ChangeRequest): Promise<Traffic> => {
  const { access, signal } = options;
  const spot: Spot = spotOf(await askCluster(options, ({ places }) => places.one(from)));
  const { host, port } = splitHostPort(to);
  const counts = { sent: 0, failed: 0 };
  let failure: string | undefined;
  const waiting = new Set<Promise<void>>();
  const send = async (): Promise<void> => {
    counts.sent += 1;
    const probe = { place: placeOf(access, spot), host, port, timeoutMs: requestMs };
    const outcome = await access.fabric
      .call('tcp', probe, { signal })
      .catch((error) => ({ ok: false as const, message: messageOf(error) }));
    if (outcome.ok) return;
    counts.failed += 1;
    failure ??= outcome.message;
  };
  const timer = setInterval(() => {
    const request = send();
    waiting.add(request);
    request.finally(() => waiting.delete(request));
  }, 1000 / rate);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(waiting);
      return { ...counts, ...(failure === undefined ? {} : { failure }) };
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
    },
  };
};

export const endpointsOf = (options: HandleOptions, { to }: ChangeRequest): Promise<readonly string[]> =>
  askCluster(options, ({ paths }) => paths.target(to, 'tcp').endpoints);

/** So many connections in a row must arrive at the new endpoints. */
const connections = 3;

/**
 * Waits until the model and real connections agree with the endpoints of the service.
 * @returns when, by `performance.now()`; or what was not so at the end of the time
 */
export const converged = async (
  options: HandleOptions,
  request: ChangeRequest,
  isWanted: (endpoints: readonly string[]) => boolean,
): Promise<{ readonly at?: number; readonly seen?: string }> => {
  const deadline = performance.now() + request.convergesMs;
  for (;;) {
    // What a look sees is at least as new as its beginning, however long the look takes on a busy machine.
    const at = performance.now();
    const seen = await look(options, request, isWanted);
    if (seen === undefined) return { at };
    if (performance.now() > deadline) return { seen };
    await delay(pauseMs, undefined, { signal: options.signal });
  }
};

const pauseMs = 50;

/** @returns what is not as it should be */
const look = async (
  options: HandleOptions,
  request: ChangeRequest,
  isWanted: (endpoints: readonly string[]) => boolean,
): Promise<string | undefined> => {
  const { from, to } = request;
  try {
    const problem = await askCluster(options, (view) => problemWith(view, request, isWanted));
    if (problem !== undefined) return problem;
    for (let count = 0; count < connections; count += 1) {
      const outcome = await askCluster(options, ({ places, probes }) => probes.tcp(places.one(from), to, requestMs));
      if (!outcome.ok) return outcome.message;
    }
    return undefined;
  } catch (error) {
    options.signal.throwIfAborted();
    return messageOf(error);
  }
};

const problemWith = (
  { paths, places }: View,
  { from, to }: ChangeRequest,
  isWanted: (endpoints: readonly string[]) => boolean,
): string | undefined => {
  const target = paths.target(to, 'tcp');
  const { endpoints } = target;
  if (!isWanted(endpoints)) return `the endpoints are ${endpoints.join(', ')}`;
  const ends = places.all(from).flatMap((place) => paths.ways(place, target, 'tcp'));
  const stray = ends.find((way) => !endpoints.includes(addressOf(way)));
  if (stray) return `packets still end elsewhere: ${addressOf(stray) || stray.end.kind}`;
  const reached = new Set(ends.map(addressOf));
  const missed = target.local ? undefined : endpoints.find((endpoint) => !reached.has(endpoint));
  return missed === undefined ? undefined : `no packet goes to ${missed}`;
};
