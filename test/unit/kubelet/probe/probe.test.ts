// Probes against real servers on the loopback interface.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProbeHandler } from '../../../../src/api/core-pods.ts';
import { probeOnce } from '../../../../src/node/kubelet/probe/probe.ts';
import { container } from '../builders.ts';

const listen = (server: Server | Http2Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));

const ports = [{ name: 'metrics', containerPort: 0, protocol: 'UDP' as const }];
const probe = (handler: ProbeHandler, timeoutMs = 1000) =>
  probeOnce(
    handler,
    {
      container: container({ ports }),
      containerId: 'c0',
      podIp: '127.0.0.1',
      exec: async () => ({ code: 0, stdout: '', stderr: '' }),
    },
    timeoutMs,
  );

describe('an HTTP probe', () => {
  let server: Server;
  let port: number;
  let last: IncomingMessage | undefined;
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    last = request;
    const url = request.url ?? '';
    const [, status = '200', target] = /^\/(\d+)(?:\/to\/(.*))?$/.exec(url) ?? [];
    if (url.startsWith('/loop')) response.writeHead(302, { location: `/loop${Number(url.slice(5)) + 1}` });
    else response.writeHead(Number(status), target ? { location: decodeURIComponent(target) } : {});
    response.end('hello');
  };
  beforeAll(async () => {
    server = createServer(answer);
    port = await listen(server);
    (ports[0] as { containerPort: number }).containerPort = port;
  });
  afterAll(() => server.close());

  const get = (path: string, over: Partial<NonNullable<ProbeHandler['httpGet']>> = {}) =>
    probe({ httpGet: { path, port, ...over } });
  const redirect = (location: string): string => `/302/to/${encodeURIComponent(location)}`;

  test('succeeds with a code from 200 to 299, and fails with a code of 400 or more', async () => {
    expect(await get('/204')).toEqual({ result: 'success' });
    expect(await get('/503')).toEqual({ result: 'failure', output: 'HTTP probe failed with statuscode: 503' });
  });

  test('follows a redirect within the same host, and judges where it leads', async () => {
    expect(await get(redirect('/200'))).toEqual({ result: 'success' });
    expect(await get(redirect(`http://127.0.0.1:${port}/500`))).toMatchObject({ result: 'failure' });
    expect(last?.url).toBe('/500');
  });

  test('does not follow a redirect to another host, and succeeds with a warning', async () => {
    expect(await get(redirect('http://example.com/'))).toEqual({
      result: 'warning',
      output: 'Probe terminated redirects, Response body: hello',
    });
  });

  test('fails after ten redirects', async () => {
    expect(await get('/loop1')).toEqual({
      result: 'failure',
      output: `Get "http://127.0.0.1:${port}/loop11": stopped after 10 redirects`,
    });
  });

  test('sends its headers, several of one name too, and none that is emptied', async () => {
    await get('/200', {
      httpHeaders: [
        { name: 'x-team', value: 'a' },
        { name: 'X-Team', value: 'b' },
        { name: 'host', value: 'shop.example' },
        { name: 'Accept', value: '' },
      ],
    });
    expect(last?.headersDistinct).toMatchObject({ 'x-team': ['a', 'b'], host: ['shop.example'] });
    expect(last?.headers['user-agent']).toMatch(/^kube-probe\/1\.\d+$/);
    expect(last?.headers.accept).toBeUndefined();
  });

  test('uses a port by its name, whatever the port’s protocol', async () => {
    expect(await get('/200', { port: 'metrics' })).toEqual({ result: 'success' });
    expect(await get('/200', { port: String(port) })).toEqual({ result: 'success' });
    expect(await get('/200', { port: 'none' })).toEqual({
      result: 'unknown',
      output: 'strconv.Atoi: parsing "none": invalid syntax',
    });
  });

  test('names the address that refuses the connection', async () => {
    expect(await get('/200', { host: '127.0.0.2', port: 1 })).toEqual({
      result: 'failure',
      output: 'Get "http://127.0.0.2:1/200": dial tcp 127.0.0.2:1: connect: connection refused',
    });
  });
});

describe('a gRPC probe', () => {
  let server: Http2Server;
  let port: number;
  /** Speaks gRPC's wire format: service name → health. */
  const health: Record<string, number> = { '': 1, down: 2 };
  beforeAll(async () => {
    server = createHttp2Server();
    server.on('stream', (stream, headers) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const service = Buffer.concat(chunks).subarray(7).toString();
        const status = health[service];
        if (service === 'silent') return;
        const isHealth = headers[':path'] === '/grpc.health.v1.Health/Check' && service !== 'plain';
        if (!isHealth || status === undefined) {
          const code = isHealth ? 5 : 12;
          stream.respond(
            { ':status': 200, 'grpc-status': code, 'grpc-message': 'unknown%20service' },
            { endStream: true },
          );
          return;
        }
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.from([0, 0, 0, 0, 2, 8, status]));
      });
    });
    port = await listen(server);
  });
  afterAll(() => server.close());

  test('succeeds when the service answers SERVING', async () => {
    expect(await probe({ grpc: { port } })).toEqual({ result: 'success' });
  });

  test.each([
    { service: 'down', output: 'service unhealthy (responded with "NOT_SERVING")' },
    {
      service: 'nobody',
      output: 'error: health rpc probe failed: rpc error: code = NotFound desc = unknown service',
    },
    {
      service: 'plain',
      output: 'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): unknown service',
    },
    { service: 'silent', output: 'timeout: health rpc did not complete within 1s' },
  ])('fails for the service $service: $output', async ({ service, output }) => {
    expect(await probe({ grpc: { port, service } })).toEqual({ result: 'failure', output });
  });

  test('fails when its time is over and nothing that speaks HTTP/2 listens', async () => {
    const web = createServer((_, response) => response.end('hello'));
    const webPort = await listen(web);
    for (const closed of [1, webPort]) {
      expect(await probe({ grpc: { port: closed } }, 300)).toEqual({
        result: 'failure',
        output: `timeout: failed to connect service "127.0.0.1:${closed}" within 300ms: context deadline exceeded`,
      });
    }
    web.close();
  });
});
