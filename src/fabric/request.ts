// Sends one request from a network namespace with the fabric's curl, whoever answers. `probe.ts` knows where from and
// where to.
import type { HttpProbe, ProbeFailure, TcpProbe } from '../api/probes.ts';
import { type LocalPorts, newSecret, someLocalPorts } from './arrival.ts';
import { type CurlReport, classify, parseReport } from './curl.ts';
import { type Netns, type RunResult, run } from './run.ts';

export type Failed = { readonly ok: false; readonly failure: ProbeFailure; readonly message: string };
export const failed = (failure: ProbeFailure, message: string): Failed => ({ ok: false, failure, message });

const options = ['-s', '-v', '-k', '--no-buffer', '--globoff', '--noproxy', '*'] as const;

/**
 * `-q`: no curlrc. The JSON report follows the verbose lines on standard error. The verbose lines distinguish refused
 * from unreachable.
 */
const curl = ['curl', '-q', ...options, '-w', '%{stderr}\n%{json}\n'] as const;
const maxBody = 1024 * 1024;
/** Of all answers of a series. */
const maxBodies = 64 * maxBody;
/** Extra time for the tool to start and to report its failure. */
export const marginMs = 1000;

/** The URL of an HTTP request. */
export const parseTarget = (url: string): URL | Failed => {
  const parsed = URL.parse(url);
  return parsed && /^https?:$/.test(parsed.protocol)
    ? parsed
    : failed('protocol', `"${url}" is not an http or https URL`);
};

export interface HttpRequest extends Pick<HttpProbe, 'timeoutMs' | 'method'> {
  readonly url: URL;
  /** Of the host in the URL, where it is a name. */
  readonly address?: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface HttpAnswer {
  readonly ok: true;
  readonly report: CurlReport;
  readonly body: string;
}

/** curl's arguments for one HTTP request. Does not follow redirects, and does not verify certificates. */
const httpArguments = (
  { url, timeoutMs, method = 'GET', headers, address }: HttpRequest,
  ports: LocalPorts,
): readonly string[] => {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return [
    ...['--proto', '=http,https', '--max-time', seconds(timeoutMs), ...localPorts(ports)],
    ...(method === 'HEAD' ? ['-I'] : ['-X', method]),
    ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
    ...(address === undefined ? [] : ['--resolve', `${url.hostname}:${port}:${address}`]),
    url.href,
  ];
};

export const sendHttp = async (
  netns: Netns,
  { ports, ...request }: HttpRequest & { readonly ports: LocalPorts },
  signal?: AbortSignal,
): Promise<HttpAnswer | Failed> => {
  const command = [...curl, ...httpArguments(request, ports)];
  const result = await run(command, { netns, timeoutMs: request.timeoutMs + marginMs, maxBytes: maxBody, signal });
  const report = parseReport(result.stderr);
  if (!report) return failed(result.timedOut ? 'timeout' : 'protocol', explain(result));
  return report.exitcode === 0 ? { ok: true, report, body: result.stdout } : failure(report, result);
};

export interface HttpSeries {
  readonly netns: Netns;
  readonly requests: readonly HttpRequest[];
  /** The source ports of each request. */
  readonly ports: readonly LocalPorts[];
  /** For all requests. */
  readonly longestMs: number;
}

/**
 * Many HTTP requests by one curl, each on a connection of its own. A curl for each would take ten times as long.
 * @returns the answers in order, up to the first failure. Fewer answers without a failure: the time was over.
 */
export const sendHttpSeries = async (
  { netns, requests, ports, longestMs }: HttpSeries,
  signal?: AbortSignal,
): Promise<readonly (HttpAnswer | Failed)[]> => {
  // No answer contains the mark, because no server sees it.
  const mark = newSecret();
  const sections = requests.flatMap((request, index) => [
    ...(index === 0 ? [] : ['--next']),
    ...[...options, '-w', `%{stdout}${mark}%{stderr}${mark}%{json}\n`],
    ...httpArguments(
      { ...request, headers: { ...request.headers, Connection: 'close' } },
      ports[index] ?? someLocalPorts(),
    ),
  ]);
  const command = ['curl', '-q', '--fail-early', ...sections];
  const result = await run(command, { netns, timeoutMs: longestMs, maxBytes: maxBodies, signal });
  const bodies = result.stdout.split(mark);
  const [first = '', ...pieces] = result.stderr.split(mark);
  let verbose = first;
  const answers = pieces.map((piece, index): HttpAnswer | Failed => {
    const said = verbose;
    const [json = '', ...next] = piece.split('\n');
    verbose = next.join('\n');
    const report = parseReport(json);
    if (!report) return failed('protocol', explain(result));
    if (report.exitcode !== 0) return failure(report, { ...result, stderr: said });
    return { ok: true, report, body: bodies[index] ?? '' };
  });
  const isOver = answers.length === requests.length || answers.some(({ ok }) => !ok) || result.timedOut;
  return isOver ? answers : [...answers, failed('protocol', explain(result))];
};

/** How long a server that greets its clients, such as MariaDB, may take for the greeting. */
const bannerMs = 250;

export interface TcpRequest extends Pick<TcpProbe, 'host' | 'port' | 'timeoutMs'> {
  /** Whether to wait a moment for the server's greeting. */
  readonly greets: boolean;
  /** One of them will be the source port. */
  readonly ports: LocalPorts;
}

export interface Connected {
  readonly ok: true;
  readonly milliseconds: number;
  readonly banner: string;
}

/** Connects, and may wait for the server's greeting. */
export const connectTcp = async (
  netns: Netns,
  { host, port, timeoutMs, greets, ports }: TcpRequest,
  signal?: AbortSignal,
): Promise<Connected | Failed> => {
  const started = performance.now();
  let connectedAfter: number | undefined;
  const enough = new AbortController();
  const command = [...curl, '--connect-timeout', seconds(timeoutMs), ...localPorts(ports)];
  const result = await run([...command, `telnet://${host}:${port}`], {
    netns,
    timeoutMs: timeoutMs + marginMs,
    maxBytes: maxBody,
    holdInput: true,
    signal: signal ? AbortSignal.any([signal, enough.signal]) : enough.signal,
    until: (stdout, stderr) => {
      if (connectedAfter === undefined && isConnected(stderr)) {
        connectedAfter = performance.now() - started;
        if (greets) setTimeout(() => enough.abort(), bannerMs).unref();
      }
      return stdout !== '' || (connectedAfter !== undefined && !greets);
    },
  });
  if (connectedAfter !== undefined)
    return { ok: true, milliseconds: Math.round(connectedAfter), banner: result.stdout.slice(0, 1024) };
  const report = parseReport(result.stderr);
  return report ? failure(report, result) : failed(result.timedOut ? 'timeout' : 'protocol', explain(result));
};

const isConnected = (stderr: string): boolean => /^\* (Connected to|Established connection to) /m.test(stderr);

const failure = (report: CurlReport, result: RunResult): Failed => {
  const { failure: kind, message } = classify(report, result.stderr);
  return failed(kind, message);
};

const explain = ({ timedOut, stderr, code }: RunResult): string =>
  timedOut ? 'no answer in time' : stderr.trim().split('\n').pop() || `curl ended with code ${code}`;

const localPorts = ({ first, last }: LocalPorts): readonly string[] => ['--local-port', `${first}-${last}`];

const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(3);
