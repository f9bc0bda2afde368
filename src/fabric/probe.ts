// Sends real traffic from a place in the lab with the fabric's curl and dig: http, tcp and name lookups.
import type {
  HttpOutcome,
  HttpProbe,
  LookupOutcome,
  LookupProbe,
  ProbeFailure,
  TcpOutcome,
  TcpProbe,
} from '../api/fabric.ts';
import { type Ipv4, parseIpv4 } from '../api/scalars.ts';
import { newSecret, probeHeader, someLocalPorts, watchArrivals } from './arrival.ts';
import { type Captures, createCaptures } from './capture.ts';
import { type CurlReport, classify, parseReport } from './curl.ts';
import type { Namespace } from './namespaces.ts';
import { find, owns } from './place.ts';
import type { ProcessTable } from './processes.ts';
import { candidates, parseAnswers } from './resolver.ts';
import { type Netns, type RunResult, run } from './run.ts';

type Failed = { readonly ok: false; readonly failure: ProbeFailure; readonly message: string };
const failed = (failure: ProbeFailure, message: string): Failed => ({ ok: false, failure, message });

/**
 * `-q`: no curlrc. The JSON report follows the verbose lines on standard error. The verbose lines distinguish refused
 * from unreachable.
 */
const curl = [
  'curl',
  '-q',
  '-s',
  '-v',
  '-k',
  '--no-buffer',
  '--globoff',
  '--noproxy',
  '*',
  '-w',
  '%{stderr}\n%{json}\n',
] as const;
const maxBody = 1024 * 1024;
/** Extra time for the tool to start and to report its failure. */
const marginMs = 1000;

interface Tools {
  readonly table: ProcessTable;
  readonly captures: Captures;
}

export const createProbes = (table: ProcessTable) => {
  const tools: Tools = { table, captures: createCaptures() };
  return {
    http: (probe: HttpProbe, signal?: AbortSignal) => http(tools, probe, signal),
    tcp: (probe: TcpProbe, signal?: AbortSignal) => tcp(tools, probe, signal),
    lookup: (probe: LookupProbe, signal?: AbortSignal) => lookup(table, probe, signal),
  };
};

/** One HTTP request. Does not follow redirects, and does not verify certificates. */
const http = async (tools: Tools, probe: HttpProbe, signal?: AbortSignal): Promise<HttpOutcome> => {
  const url = URL.parse(probe.url);
  if (!url || !/^https?:$/.test(url.protocol)) return failed('protocol', `"${probe.url}" is not an http or https URL`);
  await using found = await find(tools.table, probe.place);
  const { netns } = found.namespace;
  const resolved = await resolve(netns, url.hostname, probe, signal);
  if (!resolved.ok) return resolved;
  await using watch = probe.stages && (await watchArrivals({ ...tools, stages: probe.stages }));
  const secret = newSecret();
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const method = probe.method ?? 'GET';
  const result = await run(
    [
      ...curl,
      ...['--proto', '=http,https', '--max-time', seconds(probe.timeoutMs)],
      ...(method === 'HEAD' ? ['-I'] : ['-X', method]),
      ...Object.entries(probe.headers ?? {}).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
      ...(watch ? ['-H', `${probeHeader}: ${secret}`] : []),
      ...(resolved.address === undefined ? [] : ['--resolve', `${url.hostname}:${port}:${resolved.address}`]),
      url.href,
    ],
    { netns, timeoutMs: probe.timeoutMs + marginMs, maxBytes: maxBody, signal },
  );
  const report = parseReport(result.stderr);
  if (!report) return failed(result.timedOut ? 'timeout' : 'protocol', explain(result));
  if (report.exitcode !== 0) return failure(report, result);
  if (watch ? !(await watch.sawRequest(secret)) : await answersItself(found.namespace, report.remote_ip))
    return elsewhere;
  return {
    ok: true,
    status: report.http_code,
    body: result.stdout,
    remote: `${report.remote_ip}:${report.remote_port}`,
    local: `${report.local_ip}:${report.local_port}`,
    milliseconds: Math.round(report.time_total * 1000),
  };
};

const elsewhere = failed('elsewhere', 'something else answered');

/** An address of the place's own that nothing else can have. 127.0.0.0/8 is asked for on purpose. */
const answersItself = async (namespace: Namespace, remote: string): Promise<boolean> =>
  /^[\d.]+$/.test(remote) && !remote.startsWith('127.') && (await owns(namespace, parseIpv4(remote)));

/** How long a server that greets its clients, such as MariaDB, may take for the greeting. */
const bannerMs = 250;

/** Connects, and waits a moment for the server's greeting. */
const tcp = async (tools: Tools, probe: TcpProbe, signal?: AbortSignal): Promise<TcpOutcome> => {
  if (!/^[\w.-]+$/.test(probe.host)) return failed('protocol', `"${probe.host}" is not a host`);
  await using found = await find(tools.table, probe.place);
  const { namespace } = found;
  const { netns } = namespace;
  const resolved = await resolve(netns, probe.host, probe, signal);
  if (!resolved.ok) return resolved;
  const host = resolved.address ?? probe.host;
  const prober = { namespace, ports: someLocalPorts() };
  await using watch = probe.stages && (await watchArrivals({ ...tools, stages: probe.stages, prober }));
  const started = performance.now();
  let connectedAfter: number | undefined;
  const enough = new AbortController();
  const { first, last } = prober.ports;
  const command = [...curl, '--connect-timeout', seconds(probe.timeoutMs), '--local-port', `${first}-${last}`];
  const result = await run([...command, `telnet://${host}:${probe.port}`], {
    netns,
    timeoutMs: probe.timeoutMs + marginMs,
    maxBytes: maxBody,
    holdInput: true,
    signal: signal ? AbortSignal.any([signal, enough.signal]) : enough.signal,
    until: (stdout, stderr) => {
      if (connectedAfter === undefined && isConnected(stderr)) {
        connectedAfter = performance.now() - started;
        setTimeout(() => enough.abort(), bannerMs).unref();
      }
      return stdout !== '';
    },
  });
  if (connectedAfter !== undefined) {
    const arrived = watch ? await watch.sawConnection(probe.relayed ?? false) : !(await answersItself(namespace, host));
    if (!arrived) return elsewhere;
    const banner = result.stdout.slice(0, 1024);
    return { ok: true, remote: `${host}:${probe.port}`, milliseconds: Math.round(connectedAfter), banner };
  }
  const report = parseReport(result.stderr);
  return report ? failure(report, result) : failed(result.timedOut ? 'timeout' : 'protocol', explain(result));
};

const isConnected = (stderr: string): boolean => /^\* (Connected to|Established connection to) /m.test(stderr);

/** Queries a name server as a pod's resolver does: a name with few dots is tried in the search domains first. */
const lookup = async (table: ProcessTable, probe: LookupProbe, signal?: AbortSignal): Promise<LookupOutcome> => {
  await using found = await find(table, probe.place);
  return await ask(found.namespace.netns, probe.name, probe, signal);
};

interface Asked {
  readonly nameserver: Ipv4;
  readonly timeoutMs: number;
}

const dig = ['dig', '+tries=1', '+noall', '+answer'] as const;

const ask = async (netns: Netns, name: string, asked: Asked, signal?: AbortSignal): Promise<LookupOutcome> => {
  const names = candidates(name);
  const time = String(Math.max(1, Math.ceil(asked.timeoutMs / 1000)));
  const result = await run(
    [...dig, `@${parseIpv4(asked.nameserver)}`, `+time=${time}`, ...names.flatMap((n) => ['-q', n, '-t', 'A'])],
    { netns, timeoutMs: asked.timeoutMs + marginMs, signal },
  );
  const answer = parseAnswers(result.stdout, names);
  if (answer.length > 0) return { ok: true, addresses: answer };
  const reason = result.stdout.match(/^;; .*/m)?.[0].replace(/^;; /, '') ?? result.stderr.trim();
  if (result.timedOut || /timed out/.test(reason))
    return failed('timeout', `the name server ${asked.nameserver} did not answer`);
  if (/refused/.test(reason)) return failed('refused', `nothing answers on ${asked.nameserver}, port 53`);
  if (/unreachable/.test(reason)) return failed('unreachable', `the name server ${asked.nameserver}: ${reason}`);
  return failed('unresolved', `${asked.nameserver} has no address for ${name}`);
};

type Resolved = { readonly ok: true; readonly address?: string } | Failed;

const resolve = async (
  netns: Netns,
  host: string,
  probe: { readonly nameserver?: Ipv4; readonly timeoutMs: number },
  signal?: AbortSignal,
): Promise<Resolved> => {
  if (/^[\d.]+$/.test(host) || host.startsWith('[')) return { ok: true };
  if (probe.nameserver === undefined)
    return failed('unresolved', `this place has no name server, so ${host} can't be resolved`);
  const outcome = await ask(netns, host, { nameserver: probe.nameserver, timeoutMs: probe.timeoutMs }, signal);
  if (!outcome.ok) return outcome;
  const [address] = outcome.addresses;
  return address === undefined ? failed('unresolved', `${host} has no address`) : { ok: true, address };
};

const failure = (report: CurlReport, result: RunResult): Failed => {
  const { failure: kind, message } = classify(report, result.stderr);
  return failed(kind, message);
};

const explain = ({ timedOut, stderr, code }: RunResult): string =>
  timedOut ? 'no answer in time' : stderr.trim().split('\n').pop() || `curl ended with code ${code}`;

const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(3);
