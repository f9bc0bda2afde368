// Sends a request again and again, and counts at which endpoints the requests arrive.
import { mostRequests, type SeriesAnswer, type SeriesOutcome, type SeriesProbe } from '../api/probes.ts';
import { type LocalPorts, newSecret, portsOfEach, probeHeader, type Sends, watchArrivals } from './arrival.ts';
import { createCaptures } from './capture.ts';
import { find } from './place.ts';
import { isHost, resolve } from './probe.ts';
import type { ProcessTable } from './processes.ts';
import { connectTcp, type Failed, failed, parseTarget, sendHttpSeries } from './request.ts';
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
    // Nobody can read an encrypted request on its way, so its connection has to do.
    const isReadable = probe.kind === 'http' && probe.url.startsWith('http:');
    const sends: Sends = isReadable ? { kind: 'requests', method: probe.method ?? 'GET' } : { kind: 'connections' };
    await using watch = await watchArrivals({ table, captures, stages, prober, sends });
    const secrets = Array.from({ length: times }, newSecret);
    const request = { netns: namespace.netns, probe, secrets, ports, ...resolved };
    const said = tally(times, await sendAll(request, signal));
    if (!said.ok) return said;
    const relayed = probe.kind === 'http' && (probe.relayed ?? false);
    return { ...said, arrived: await (isReadable ? watch.countRequests(secrets, relayed) : watch.countConnections()) };
  };
};

type Probe = SeriesProbe['probe'];

const hostOf = (probe: Probe): string | Failed => {
  if (probe.kind === 'tcp')
    return isHost(probe.host) ? probe.host : failed('protocol', `"${probe.host}" is not a host`);
  const url = parseTarget(probe.url);
  return 'ok' in url ? url : url.hostname;
};

interface Request {
  readonly netns: Netns;
  readonly probe: Probe;
  /** One for each request. */
  readonly secrets: readonly string[];
  readonly ports: readonly LocalPorts[];
  readonly address?: string;
}

interface Answer {
  readonly ok: true;
  readonly status?: number;
  readonly text: string;
}

type Answers = readonly (Answer | Failed)[];

/**
 * One after the other: a second client at the same time could make an affinity of its own.
 * @returns the answers up to the first failure. Fewer answers without a failure: the time was over.
 */
const sendAll = async ({ netns, probe, secrets, ports, address }: Request, signal?: AbortSignal): Promise<Answers> => {
  if (probe.kind === 'tcp') return await connectAll({ netns, probe, ports, address }, signal);
  const url = parseTarget(probe.url);
  if ('ok' in url) return [url];
  const requests = secrets.map((secret) => ({
    ...probe,
    url,
    headers: { ...probe.headers, [probeHeader]: secret },
    ...(address ? { address } : {}),
  }));
  const answers = await sendHttpSeries({ netns, requests, ports, longestMs }, signal);
  return answers.map((answer) =>
    answer.ok ? { ok: true, status: answer.report.http_code, text: answer.body } : answer,
  );
};

interface Connections extends Pick<Request, 'netns' | 'ports'> {
  readonly probe: Extract<Probe, { kind: 'tcp' }>;
  readonly address: string | undefined;
}

const connectAll = async ({ netns, probe, ports, address }: Connections, signal?: AbortSignal): Promise<Answers> => {
  const answers: (Answer | Failed)[] = [];
  const started = performance.now();
  for (const each of ports) {
    if (performance.now() - started > longestMs) break;
    const answer = await connectTcp(netns, { ...probe, host: address ?? probe.host, ports: each }, signal);
    answers.push(answer.ok ? { ok: true, text: answer.banner } : answer);
    if (!answer.ok) break;
  }
  return answers;
};

type Answered = { readonly ok: true; readonly answers: readonly SeriesAnswer[] };

const tally = (times: number, answers: Answers): Answered | Extract<SeriesOutcome, { ok: false }> => {
  const failure = answers.find((answer) => !answer.ok);
  const answered = answers.length - (failure ? 1 : 0);
  if (failure) return { ...failure, answered };
  if (answered < times)
    return { ...failed('timeout', `${times} requests take more than ${longestMs / 1000} s`), answered, isLate: true };
  const equal = new Map<string, SeriesAnswer>();
  for (const answer of answers) {
    if (!answer.ok) continue;
    const { ok: _, ...kept } = { ...answer, text: answer.text.slice(0, mostCharacters) };
    const key = JSON.stringify(kept);
    equal.set(key, { ...kept, times: (equal.get(key)?.times ?? 0) + 1 });
  }
  return { ok: true, answers: [...equal.values()] };
};
