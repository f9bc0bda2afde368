// Sends real traffic from a place in the lab with the fabric's curl and dig: http, tcp and name lookups.
import type {
  HttpOutcome,
  HttpProbe,
  LookupOutcome,
  LookupProbe,
  RecordType,
  TcpOutcome,
  TcpProbe,
} from '../api/probes.ts';
import { type Ipv4, parseIpv4 } from '../api/scalars.ts';
import { newSecret, probeHeader, type Sends, someLocalPorts, watchArrivals } from './arrival.ts';
import { type Captures, createCaptures } from './capture.ts';
import type { Namespace } from './namespaces.ts';
import { find, owns } from './place.ts';
import type { ProcessTable } from './processes.ts';
import { connectTcp, type Failed, failed, marginMs, parseTarget, sendHttp } from './request.ts';
import { candidates, parseAnswers } from './resolver.ts';
import { type Netns, run } from './run.ts';

interface Tools {
  readonly table: ProcessTable;
  readonly captures: Captures;
}

export const createProbes = (table: ProcessTable) => {
  const tools: Tools = { table, captures: createCaptures() };
  return {
    http: (probe: HttpProbe, signal?: AbortSignal) => http(tools, probe, signal),
    tcp: (probe: TcpProbe, signal?: AbortSignal) => tcp(tools, probe, signal),
    lookup: (probe: LookupProbe, signal?: AbortSignal) => lookup(tools, probe, signal),
  };
};

const http = async (tools: Tools, probe: HttpProbe, signal?: AbortSignal): Promise<HttpOutcome> => {
  const url = parseTarget(probe.url);
  if ('ok' in url) return url;
  await using found = await find(tools.table, probe.place);
  const { netns } = found.namespace;
  const resolved = await resolve(netns, url.hostname, probe, signal);
  if (!resolved.ok) return resolved;
  const prober = { namespace: found.namespace, ports: someLocalPorts() };
  const isSecure = url.protocol === 'https:';
  const sends: Sends = isSecure ? { kind: 'connections' } : { kind: 'requests', method: probe.method ?? 'GET' };
  await using watch = probe.stages && (await watchArrivals({ ...tools, stages: probe.stages, prober, sends }));
  const secret = newSecret();
  const headers = { ...probe.headers, ...(watch ? { [probeHeader]: secret } : {}) };
  const answer = await sendHttp(netns, { ...probe, ...resolved, url, headers, ports: prober.ports }, signal);
  if (!answer.ok) return answer;
  const { report, body } = answer;
  const { relayed = false } = probe;
  // Nobody can read an encrypted request on its way, so its connection has to do.
  const arrived = watch
    ? await (isSecure ? watch.sawConnection(relayed) : watch.sawRequest(secret, relayed))
    : !(await answersItself(found.namespace, report.remote_ip));
  if (!arrived) return elsewhere;
  return {
    ok: true,
    status: report.http_code,
    body,
    remote: `${report.remote_ip}:${report.remote_port}`,
    local: `${report.local_ip}:${report.local_port}`,
    milliseconds: Math.round(report.time_total * 1000),
  };
};

const elsewhere = failed('elsewhere', 'something else answered');

/** An address of the place's own that nothing else can have. 127.0.0.0/8 is asked for on purpose. */
const answersItself = async (namespace: Namespace, remote: string): Promise<boolean> =>
  /^[\d.]+$/.test(remote) && !remote.startsWith('127.') && (await owns(namespace, parseIpv4(remote)));

const tcp = async (tools: Tools, probe: TcpProbe, signal?: AbortSignal): Promise<TcpOutcome> => {
  if (!isHost(probe.host)) return failed('protocol', `"${probe.host}" is not a host`);
  await using found = await find(tools.table, probe.place);
  const { namespace } = found;
  const resolved = await resolve(namespace.netns, probe.host, probe, signal);
  if (!resolved.ok) return resolved;
  const host = resolved.address ?? probe.host;
  const prober = { namespace, ports: someLocalPorts() };
  const sends: Sends = { kind: 'connections' };
  await using watch = probe.stages && (await watchArrivals({ ...tools, stages: probe.stages, prober, sends }));
  const answer = await connectTcp(namespace.netns, { ...probe, host, greets: true, ports: prober.ports }, signal);
  if (!answer.ok) return answer;
  const arrived = watch ? await watch.sawConnection(probe.relayed ?? false) : !(await answersItself(namespace, host));
  if (!arrived) return elsewhere;
  const { milliseconds, banner } = answer;
  return { ok: true, remote: `${host}:${probe.port}`, milliseconds, banner };
};

export const isHost = (text: string): boolean => /^[\w.-]+$/.test(text);

/** Queries a name server as a pod's resolver does: a name with few dots is tried in the search domains first. */
const lookup = async (tools: Tools, probe: LookupProbe, signal?: AbortSignal): Promise<LookupOutcome> => {
  await using found = await find(tools.table, probe.place);
  await using watch =
    probe.stages && (await watchArrivals({ ...tools, stages: probe.stages, sends: { kind: 'queries' } }));
  const queries = candidates(probe.name, probe.search).map((name) => ({ name, secret: newSecret() }));
  const outcome = await ask(found.namespace.netns, queries, probe, signal);
  if (!outcome.ok || !watch) return outcome;
  // An answer may hold the addresses of another query's name, so no query may have another server.
  return (await watch.sawAll(queries.map(({ secret }) => secret))) ? outcome : elsewhere;
};

interface Asked {
  readonly name: string;
  readonly nameserver: Ipv4;
  readonly timeoutMs: number;
  readonly record?: RecordType;
}

const dig = ['dig', '+tries=1', '+noall', '+answer'] as const;

interface Query {
  readonly name: string;
  readonly secret: string;
}

/** An option of EDNS (RFC 6891) for local use. A server ignores it, and everybody on the way can read it. */
const secretOption = 65_001;

const ask = async (
  netns: Netns,
  queries: readonly Query[],
  asked: Asked,
  signal?: AbortSignal,
): Promise<LookupOutcome> => {
  const time = String(Math.max(1, Math.ceil(asked.timeoutMs / 1000)));
  const { record = 'A' } = asked;
  const questions = queries.flatMap((query) => words(query, record));
  const result = await run([...dig, `@${parseIpv4(asked.nameserver)}`, `+time=${time}`, ...questions], {
    netns,
    timeoutMs: asked.timeoutMs + marginMs,
    signal,
  });
  const names = queries.map(({ name }) => name);
  const answer = parseAnswers(result.stdout, names, record);
  if (answer) return { ok: true, addresses: answer.values, tries: answer.tries };
  const reason = result.stdout.match(/^;; .*/m)?.[0].replace(/^;; /, '') ?? result.stderr.trim();
  if (result.timedOut || /timed out/.test(reason))
    return failed('timeout', `the name server ${asked.nameserver} did not answer`);
  if (/refused/.test(reason)) return failed('refused', `nothing answers on ${asked.nameserver}, port 53`);
  if (/unreachable/.test(reason)) return failed('unreachable', `the name server ${asked.nameserver}: ${reason}`);
  const missing = record === 'A' ? 'address' : `${record} record`;
  return failed('unresolved', `${asked.nameserver} has no ${missing} for ${asked.name}`);
};

const words = ({ name, secret }: Query, record: RecordType): readonly string[] => {
  const option = Buffer.from(secret).toString('hex');
  return ['-q', name, '-t', record, `+ednsopt=${secretOption}:${option}`];
};

type Resolved = { readonly ok: true; readonly address?: string } | Failed;

/** The address of a host. Absent when the host is an address. */
export const resolve = async (
  netns: Netns,
  host: string,
  probe: { readonly nameserver?: Ipv4; readonly timeoutMs: number },
  signal?: AbortSignal,
): Promise<Resolved> => {
  if (/^[\d.]+$/.test(host) || host.startsWith('[')) return { ok: true };
  if (probe.nameserver === undefined)
    return failed('unresolved', `this place has no name server, so ${host} can't be resolved`);
  const { nameserver, timeoutMs } = probe;
  const queries = candidates(host).map((name) => ({ name, secret: newSecret() }));
  const outcome = await ask(netns, queries, { name: host, nameserver, timeoutMs }, signal);
  if (!outcome.ok) return outcome;
  const [address] = outcome.addresses;
  return address === undefined ? failed('unresolved', `${host} has no address`) : { ok: true, address };
};
