// Sends a request again and again, and counts at which endpoints the requests arrive.
import { mostRequests, type SeriesAnswer, type SeriesOutcome, type SeriesProbe } from '../api/fabric.ts';
import { newSecret, portsOfEach, probeHeader, watchArrivals } from './arrival.ts';
import { createCaptures } from './capture.ts';
import { find } from './place.ts';
import { isHost, resolve } from './probe.ts';
import type { ProcessTable } from './processes.ts';
import { connectTcp, type Failed, failed, parseTarget, sendHttp } from './request.ts';
import { AgentError, type Netns } from './run.ts';

/** For all requests together: the agent itself has no more than a minute for a question. */
const longestMs = 40_000;

/** Of each answer: there may be hundreds. */
const mostCharacters = 16_384;

export const createSeries = (table: ProcessTable) => {
  const captures = createCaptures();
  return async (series: SeriesProbe, signal?: AbortSignal): Promise<SeriesOutcome> => {
    const { times, stages, probe } = series;
    if (!Number.isInteger(times) || times < 1 || times > mostRequests)
      throw new AgentError('FABRIC_BAD_REQUEST', `${times} requests: a series has 1 to ${mostRequests}`);
    await using found = await find(table, probe.place);
    const { namespace } = found;
    const host = hostOf(probe);
    const resolved = typeof host === 'string' ? await resolve(namespace.netns, host, probe, signal) : host;
    if (!resolved.ok) return { ...resolved, answered: 0 };
    const ports = portsOfEach(times);
    const prober = { namespace, ports: { first: ports[0]?.first ?? 0, last: ports.at(-1)?.last ?? 0 } };
    const isHttp = probe.kind === 'http';
    await using watch = await watchArrivals({ table, captures, stages, ...(isHttp ? {} : { prober }) });
    const secrets = Array.from({ length: times }, newSecret);
    const said = await sendAll(times, (index) => {
      const request = { probe, secret: secrets[index] ?? '', ports: ports[index] ?? prober.ports, ...resolved };
      return sendOne(namespace.netns, request, signal);
    });
    if (!said.ok) return said;
    return { ...said, arrived: await (isHttp ? watch.countRequests(secrets) : watch.countConnections()) };
  };
};

type Probe = SeriesProbe['probe'];

const hostOf = (probe: Probe): string | Failed => {
  if (probe.kind === 'tcp')
    return isHost(probe.host) ? probe.host : failed('protocol', `"${probe.host}" is not a host`);
  const url = parseTarget(probe.url);
  return 'ok' in url ? url : url.hostname;
};

interface Answer {
  readonly ok: true;
  readonly status?: number;
  readonly text: string;
}

type Answered = { readonly ok: true; readonly answers: readonly SeriesAnswer[] };

/** One after the other: a second client at the same time could make an affinity of its own. */
const sendAll = async (
  times: number,
  send: (index: number) => Promise<Answer | Failed>,
): Promise<Answered | Extract<SeriesOutcome, { ok: false }>> => {
  const answers = new Map<string, SeriesAnswer>();
  const started = performance.now();
  for (let answered = 0; answered < times; answered++) {
    if (performance.now() - started > longestMs)
      return { ...failed('timeout', `${times} requests take more than ${longestMs / 1000} s`), answered, isLate: true };
    const answer = await send(answered);
    if (!answer.ok) return { ...answer, answered };
    const { ok: _, ...kept } = { ...answer, text: answer.text.slice(0, mostCharacters) };
    const key = JSON.stringify(kept);
    answers.set(key, { ...kept, times: (answers.get(key)?.times ?? 0) + 1 });
  }
  return { ok: true, answers: [...answers.values()] };
};

interface Request {
  readonly probe: Probe;
  readonly secret: string;
  readonly ports: { readonly first: number; readonly last: number };
  readonly address?: string;
}

const sendOne = async (
  netns: Netns,
  { probe, secret, ports, address }: Request,
  signal?: AbortSignal,
): Promise<Answer | Failed> => {
  if (probe.kind === 'tcp') {
    const answer = await connectTcp(netns, { ...probe, host: address ?? probe.host, ports }, signal);
    return answer.ok ? { ok: true, text: answer.banner } : answer;
  }
  const url = parseTarget(probe.url);
  if ('ok' in url) return url;
  const headers = { ...probe.headers, [probeHeader]: secret };
  const answer = await sendHttp(netns, { ...probe, url, headers, ...(address ? { address } : {}) }, signal);
  return answer.ok ? { ok: true, status: answer.report.http_code, text: answer.body } : answer;
};
