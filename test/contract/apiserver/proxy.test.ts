import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, request } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { buffer, text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Pod } from '../../../src/api/core-pods.ts';
import { endpoints, nodes, pods, services } from '../../../src/api/resources.ts';
import { type RunningApiserver, startApiserver } from '../../support/apiserver.ts';

// Fake pods: servers at an address of this machine, because the proxy refuses loopback addresses. They answer with what
// they were asked.
const address =
  Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '';

let server: RunningApiserver;
let admin: { cert: string; key: string };
const open: Server[] = [];
const portOf = async (fake: Server): Promise<number> => {
  fake.listen(0, address);
  await once(fake, 'listening');
  open.push(fake);
  return (fake.address() as AddressInfo).port;
};

const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
  const { method, url = '', headers } = incoming;
  const page = '<a href="/rewriteme">test</a>';
  if (url === '/page') response.setHeader('content-type', 'text/html; charset=utf-8').end(page);
  else if (url === '/gzip')
    response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' }).end(gzipSync(page));
  else if (url === '/moved')
    response.writeHead(302, { location: '/elsewhere', 'access-control-allow-origin': '*' }).end();
  else if (url === '/teapot') response.writeHead(418, 'I am a teapot', { 'x-kind': 'pot' }).end('short and stout');
  else if (url === '/slow') {
    response.write('first\n');
    setTimeout(() => response.end('second\n'), 300);
  } else {
    const { authorization, 'x-forwarded-for': from, 'x-forwarded-uri': uri } = headers;
    const body = {
      method,
      url,
      body: await text(incoming),
      authorization,
      from,
      uri,
      tls: 'encrypted' in incoming.socket,
    };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  }
};

const withWebSocket = (fake: Server): Server =>
  fake.on('upgrade', (incoming: IncomingMessage, socket: NodeJS.WritableStream & NodeJS.ReadableStream) => {
    if (incoming.url?.startsWith('/refuse')) {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
      return;
    }
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    socket.write(`${incoming.url}\n`);
    socket.pipe(socket);
  });

const namespace = 'default';
let ports: { plain: number; tls: number };

beforeAll(async () => {
  server = await startApiserver();
  const serving = await server.pki.issue('a-pod');
  admin = await server.pki.issue('kubernetes-admin', ['system:masters']);
  const plain = createServer((incoming, response) => void answer(incoming, response));
  const tls = createTlsServer(serving, (incoming, response) => void answer(incoming, response));
  ports = { plain: await portOf(withWebSocket(plain)), tls: await portOf(tls) };
  const pod: Pod = {
    metadata: { name: 'web', namespace },
    spec: { containers: [{ name: 'main', image: 'web', ports: [{ containerPort: ports.plain }] }], nodeName: 'node01' },
  };
  const created = await server.client.create(pods, pod);
  await server.client.updateStatus(pods, { ...created, status: { phase: 'Running', podIP: address } });
  await server.client.create(pods, { ...pod, metadata: { name: 'pending', namespace } });
  const metadata = { name: 'web', namespace };
  const named = [
    { name: 'http', port: 80 },
    { name: 'https', port: 443 },
  ];
  await server.client.create(services, { metadata, spec: { ports: named } });
  await server.client.create(endpoints, {
    metadata,
    subsets: [
      {
        addresses: [{ ip: address }],
        ports: [
          { name: 'http', port: ports.plain },
          { name: 'https', port: ports.tls },
        ],
      },
    ],
  });
  for (const name of ['single', 'empty']) {
    await server.client.create(services, { metadata: { name, namespace }, spec: { ports: [{ port: 80 }] } });
    const subsets = name === 'empty' ? [] : [{ addresses: [{ ip: address }], ports: [{ port: ports.plain }] }];
    await server.client.create(endpoints, { metadata: { name, namespace }, subsets });
  }
  await server.client.create(nodes, {
    metadata: { name: 'node01' },
    status: {
      addresses: [{ type: 'InternalIP', address }],
      daemonEndpoints: { kubeletEndpoint: { Port: 1 } },
    },
  });
});
afterAll(async () => {
  for (const fake of open) fake.close();
  await server[Symbol.asyncDispose]();
});

interface Reply {
  readonly code: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}
const options = (path: string) => ({ host: '127.0.0.1', port: server.port, ca: server.pki.ca, ...admin, path });
const call = async (method: string, path: string, body?: string): Promise<Reply> => {
  const framing = method === 'DELETE' ? { 'transfer-encoding': 'chunked' } : { 'content-length': body?.length ?? 0 };
  const headers = { authorization: 'Bearer x', ...(body === undefined ? {} : framing) };
  const outgoing = request({ ...options(path), method, headers, agent: false }).end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return { code: response.statusCode, headers: response.headers, body: await buffer(response) };
};
const json = async (method: string, path: string, body?: string) =>
  JSON.parse((await call(method, path, body)).body.toString());
const ofPods = `/api/v1/namespaces/${namespace}/pods`;
const ofServices = `/api/v1/namespaces/${namespace}/services`;

describe('the proxy of a pod', () => {
  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    'passes on %s with path, query and body',
    async (method) => {
      const body = method === 'GET' ? undefined : 'hello';
      const path = `${ofPods}/web/proxy/some/path/with%20${method}/?watch=true&b=1`;
      expect(await json(method, path, body)).toEqual({
        method,
        url: `/some/path/with%20${method}/?watch=true&b=1`,
        body: body ?? '',
        from: '127.0.0.1',
        uri: `${ofPods}/web/proxy/some/path/with%20${method}/`,
        tls: false,
      });
    },
  );

  test('passes on HEAD, with an answer without a body', async () => {
    const { code, body } = await call('HEAD', `${ofPods}/web/proxy/page`);
    expect([code, body.length]).toEqual([200, 0]);
  });

  test.each(['GET', 'HEAD'])('redirects %s without a slash at the end, so that relative links work', async (method) => {
    const { code, headers } = await call(method, `${ofPods}/web/proxy?method=${method}`);
    expect([code, headers.location]).toEqual([301, `${ofPods}/web/proxy/?method=${method}`]);
    expect(await json('POST', `${ofPods}/web/proxy?a=b`)).toMatchObject({ url: '/?a=b' });
  });

  test('takes a port and a scheme, and does not check the certificate of a pod', async () => {
    expect(await json('GET', `${ofPods}/web:${ports.plain}/proxy/x`)).toMatchObject({ url: '/x', tls: false });
    expect(await json('GET', `${ofPods}/http:web:${ports.plain}/proxy/x`)).toMatchObject({ url: '/x', tls: false });
    expect(await json('GET', `${ofPods}/https:web:${ports.tls}/proxy/x`)).toMatchObject({ url: '/x', tls: true });
  });

  test('rewrites the links of pages and redirects, so that they lead through the proxy', async () => {
    const prefix = `${ofPods}/web:${ports.plain}/proxy`;
    const page = await call('GET', `${prefix}/page`);
    expect(page.body.toString()).toBe(`<a href="${prefix}/rewriteme">test</a>`);
    expect(page.headers['content-length']).toBe(String(page.body.length));
    const zipped = await call('GET', `${prefix}/gzip`);
    expect(gunzipSync(zipped.body).toString()).toBe(page.body.toString());
    const { code, headers } = await call('GET', `${prefix}/moved`);
    expect([code, headers.location, headers['access-control-allow-origin']]).toEqual([
      302,
      `${prefix}/elsewhere`,
      undefined,
    ]);
  });

  test('passes on the status, the headers and each piece of an answer', async () => {
    const pot = await call('GET', `${ofPods}/web/proxy/teapot`);
    expect([pot.code, pot.headers['x-kind'], pot.body.toString()]).toEqual([418, 'pot', 'short and stout']);
    const outgoing = request(options(`${ofPods}/web/proxy/slow`)).end();
    const [response] = await once(outgoing, 'response');
    const [first] = await once(response.setEncoding('utf8'), 'data');
    expect(first).toBe('first\n');
    expect(await text(response)).toBe('second\n');
  });

  test('relays a WebSocket in both directions', async () => {
    const upgrade = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    const open = async (path: string): Promise<string> => {
      const socket = connect(options(''));
      await once(socket, 'secureConnect');
      socket.write(`GET ${path} HTTP/1.1\r\n${upgrade}`);
      let seen = '';
      socket.on('data', (chunk: Buffer) => {
        seen += chunk.toString();
        if (seen.endsWith('/ws?x=1\n')) socket.write('ping');
        if (seen.endsWith('ping')) socket.end();
      });
      await once(socket, 'close');
      return seen;
    };
    expect(await open(`${ofPods}/web/proxy/ws?x=1`)).toMatch(/^HTTP\/1.1 101 [\s\S]*\r\n\r\n\/ws\?x=1\nping$/);
    expect(await open(`${ofServices}/web:http/proxy/ws?x=1`)).toMatch(/\r\n\r\n\/ws\?x=1\nping$/);
    expect(await open(`${ofPods}/web/proxy/refuse`)).toMatch(
      /^HTTP\/1.1 403 Forbidden\r\n[\s\S]*Connection: close\r\n\r\nno$/,
    );
    expect(await open(`${ofPods}/none/proxy/ws`)).toContain('pods \\"none\\" not found');
  });
});

describe('the proxy of a service', () => {
  test.each([
    ['web:http', false],
    ['web:80', false],
    ['http:web:http', false],
    ['https:web:https', true],
    ['https:web:443', true],
    ['single', false],
    ['single:80', false],
    ['http:single:', false],
  ])('reaches an endpoint of %s', async (name, tls) => {
    expect(await json('POST', `${ofServices}/${name}/proxy/x`, 'hi')).toMatchObject({ url: '/x', body: 'hi', tls });
  });
});

test('the proxy of a node reaches another port of the node', async () => {
  expect(await json('GET', `/api/v1/nodes/node01:${ports.plain}/proxy/metrics?a=1`)).toMatchObject({
    url: '/metrics?a=1',
  });
});

describe('what cannot be reached is refused', () => {
  test.each([
    [`${ofPods}/none/proxy/`, 404, 'pods "none" not found'],
    [`${ofPods}/pending/proxy/`, 400, 'address not allowed'],
    [`${ofPods}/ftp:web:80/proxy/`, 400, 'invalid pod request "ftp:web:80"'],
    [`${ofPods}/web:http/proxy/`, 400, 'invalid port "http"'],
    [
      `${ofPods}/web:1/proxy/`,
      503,
      `error trying to reach service: dial tcp ${address}:1: connect: connection refused`,
    ],
    [`${ofServices}/none/proxy/`, 404, 'endpoints "none" not found'],
    [`${ofServices}/empty/proxy/`, 503, 'no endpoints available for service "empty"'],
    [`${ofServices}/web/proxy/`, 503, 'no endpoints available for service "web"'],
    [`${ofServices}/web:81/proxy/`, 503, 'no service port 81 found for service "web"'],
    [`${ofServices}/a:b:c:d/proxy/`, 400, 'invalid service request "a:b:c:d"'],
    ['/api/v1/nodes/none/proxy/', 404, 'nodes "none" not found'],
    [
      '/api/v1/nodes/node01/proxy/',
      503,
      `error trying to reach service: dial tcp ${address}:1: connect: connection refused`,
    ],
  ])('%s with %i: %s', async (path, code, message) => {
    const { code: got, body } = await call('GET', path);
    expect([got, JSON.parse(body.toString()).message]).toEqual([code, message]);
  });
});

test('kubectl reads through the proxy, and discovery names its verbs', async () => {
  expect(await server.kubectl('get', '--raw', `${ofServices}/single:80/proxy/page`)).toContain('/proxy/rewriteme');
  const { body } = await server.client.raw('/api/v1');
  const list = JSON.parse(body).resources as { name: string; kind: string; verbs: string[] }[];
  expect(list.filter(({ name }) => name.endsWith('/proxy')).map(({ name, kind }) => `${name} ${kind}`)).toEqual([
    'nodes/proxy NodeProxyOptions',
    'pods/proxy PodProxyOptions',
    'services/proxy ServiceProxyOptions',
  ]);
  expect(list.find(({ name }) => name === 'pods/proxy')?.verbs).toEqual(['create', 'delete', 'get', 'patch', 'update']);
});
