// Real traffic while the cluster changes, and the wait until packets go where they should.
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../../kit/error.ts';
import { askCluster, type CallsOptions } from '../calls.ts';
import { addressOf, destinationAfter, redirects } from '../checks/ways.ts';
import { placeOf } from '../collect.ts';
import { BrokenFact, type Spot, spotOf } from '../facts.ts';
import { contains } from '../match.ts';
import { splitHostPort } from '../reference.ts';
import { isOutsider } from '../view/places.ts';
import type { View } from '../view/view.ts';
import type { ChangeRequest, DuringRequest, TrafficCounts } from './types.ts';

interface Traffic extends AsyncDisposable {
  /** Waits for the requests on their way. @returns the counts of the check's own requests, then those of `during` */
  stop(): Promise<readonly TrafficCounts[]>;
}

/** A request that takes longer counts as failed. */
const requestMs = 1000;

/** Sends requests at a fixed rate, also while earlier ones wait: a slow answer does not hide the failures behind it. */
export const startTraffic = async (
  options: CallsOptions,
  { from, to, rate, during = [] }: ChangeRequest,
): Promise<Traffic> => {
  const senders = await Promise.all([{ from, to }, ...during].map((each) => senderOf(options, each)));
  const streams = senders.map((send) => startStream(send, rate));
  return {
    stop: () => Promise.all(streams.map(({ stop }) => stop())),
    async [Symbol.asyncDispose]() {
      for (const { end } of streams) end();
    },
  };
};

/** Sends one request. @returns what went wrong */
type Send = () => Promise<string | undefined>;

const startStream = (send: Send, rate: number) => {
  const counts = { sent: 0, failed: 0 };
  let failure: string | undefined;
  let broken: unknown;
  const waiting = new Set<Promise<void>>();
  const sendOne = async (): Promise<void> => {
    try {
      const problem = await send();
      counts.sent += 1;
      if (problem === undefined) return;
      counts.failed += 1;
      failure ??= problem;
    } catch (error) {
      // The fabric could not send it, which is no failure of the cluster.
      broken ??= error;
    }
  };
  const timer = setInterval(() => {
    // The fabric is behind, and more requests would make it slower.
    if (waiting.size > 2 * rate) return;
    const request = sendOne();
    waiting.add(request);
    request.finally(() => waiting.delete(request));
  }, 1000 / rate);
  const end = (): void => clearInterval(timer);
  return {
    end,
    stop: async (): Promise<TrafficCounts> => {
      end();
      await Promise.all(waiting);
      if (counts.sent === 0 && broken !== undefined) throw broken;
      return { ...counts, ...(failure === undefined ? {} : { failure }) };
    },
  };
};

const senderOf = async (options: CallsOptions, request: DuringRequest): Promise<Send> => {
  const { access, signal } = options;
  const spot: Spot = spotOf(await askCluster(options, ({ places }) => places.one(request.from)));
  const common = { place: placeOf(access, spot), timeoutMs: requestMs };
  if ('to' in request) {
    const probe = { ...common, ...splitHostPort(request.to) };
    return async () => {
      const outcome = await access.fabric.call('tcp', probe, { signal });
      return outcome.ok ? undefined : outcome.message;
    };
  }
  const { url, status, body } = request;
  return async () => {
    const outcome = await access.fabric.call('http', { ...common, url, method: 'GET' }, { signal });
    if (!outcome.ok) return outcome.message;
    if (outcome.status !== status) return `${url} answered ${outcome.status}`;
    return body === undefined || contains(body, outcome.body) ? undefined : `another page answered at ${url}`;
  };
};

export const endpointsOf = (options: CallsOptions, { to }: ChangeRequest): Promise<readonly string[]> =>
  askCluster(options, ({ paths }) => paths.target(to, 'tcp').endpoints);

/** So many connections in a row must arrive at the new endpoints. */
const connections = 3;

/**
 * Waits until the model and real connections agree with the endpoints of the service.
 * @returns when, by `performance.now()`; or what was not so at the end of the time
 */
export const converged = async (
  options: CallsOptions,
  request: ChangeRequest,
  isWanted: (endpoints: readonly string[]) => boolean,
): Promise<{ readonly at?: number; readonly seen?: string }> => {
  let broken: BrokenFact | undefined;
  const problem = async (): Promise<string | undefined> => {
    broken = undefined;
    try {
      return await look(options, request, isWanted);
    } catch (error) {
      options.signal.throwIfAborted();
      if (error instanceof BrokenFact) broken = error;
      return messageOf(error);
    }
  };
  const deadline = performance.now() + request.convergesMs;
  for (;;) {
    // What a look sees is at least as new as its beginning, however long the look takes on a busy machine.
    const at = performance.now();
    const seen = await problem();
    if (seen === undefined) return { at };
    // At the end, what labs cannot see is no failure of the student's.
    if (performance.now() > deadline && broken) throw broken;
    if (performance.now() > deadline) return { seen };
    await delay(Math.max(pauseMs, request.convergesMs / 300), undefined, { signal: options.signal });
  }
};

const pauseMs = 50;

/** @returns what is not as it should be */
const look = async (
  options: CallsOptions,
  request: ChangeRequest,
  isWanted: (endpoints: readonly string[]) => boolean,
): Promise<string | undefined> => {
  const { from, to } = request;
  const problem = await askCluster(options, (view) => problemWith(view, request, isWanted));
  if (problem !== undefined) return problem;
  for (let count = 0; count < connections; count += 1) {
    const outcome = await askCluster(options, ({ places, probes }) => probes.tcp(places.one(from), to, requestMs));
    if (!outcome.ok) return outcome.message;
  }
  return undefined;
};

const problemWith = (
  { paths, places, machines }: View,
  { from, to }: ChangeRequest,
  isWanted: (endpoints: readonly string[]) => boolean,
): string | undefined => {
  const target = paths.target(to, 'tcp');
  const { endpoints } = target;
  if (!isWanted(endpoints)) return `the endpoints are ${endpoints.join(', ')}`;
  const all = places.all(from);
  const ends = all.flatMap((place) => paths.ways(place, target, 'tcp'));
  const redirected = all.some((place) => isOutsider(place, machines)) ? ends.find(redirects) : undefined;
  if (redirected) return `the sender itself sends packets for ${to} to ${destinationAfter(redirected)}`;
  const stray = ends.find((way) => !endpoints.includes(addressOf(way)));
  if (stray) return `packets still end elsewhere: ${addressOf(stray) || stray.end.kind}`;
  const reached = new Set(ends.map(addressOf));
  const missed = target.local ? undefined : endpoints.find((endpoint) => !reached.has(endpoint));
  return missed === undefined ? undefined : `no packet goes to ${missed}`;
};
