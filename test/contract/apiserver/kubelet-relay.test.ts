import { once } from 'node:events';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodes, pods } from '../../../src/api/resources.ts';
import { type RunningApiserver, startApiserver } from '../../support/apiserver.ts';

// A fake kubelet that answers with the request's URL and the client's name.
let server: RunningApiserver;
let kubelet: ReturnType<typeof createServer>;
let admin: { cert: string; key: string };

beforeAll(async () => {
  server = await startApiserver();
  const serving = await server.pki.issue('system:node:node01', ['system:nodes']);
  admin = await server.pki.issue('kubernetes-admin', ['system:masters']);
  kubelet = createServer({ ...serving, ca: server.pki.ca, requestCert: true, rejectUnauthorized: true });
  kubelet.on('request', (incoming, response) => {
    const caller = (incoming.socket as TLSSocket).getPeerCertificate().subject.CN;
    response.write(`${incoming.url} by ${caller}\n`);
    setTimeout(() => response.end('second line\n'), 300);
  });
  kubelet.on('upgrade', (incoming, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n');
    socket.write(`${incoming.method} ${incoming.url} ${incoming.headers['sec-websocket-protocol']}\n`);
    socket.pipe(socket);
  });
  kubelet.listen(0, '127.0.0.1');
  await once(kubelet, 'listening');
  const { port } = kubelet.address() as AddressInfo;
  await server.client.create(nodes, {
    metadata: { name: 'node01' },
    status: {
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
    },
  });
  const containers = [{ name: 'main', image: 'web' }];
  await server.client.create(pods, {
    metadata: { name: 'p', namespace: 'default' },
    spec: { containers, nodeName: 'node01' },
  });
  const two = [...containers, { name: 'side', image: 'web' }];
  await server.client.create(pods, {
    metadata: { name: 'two', namespace: 'default' },
    spec: { containers: two, nodeName: 'node01' },
  });
});
afterAll(async () => {
  kubelet.closeAllConnections();
  kubelet.close();
  await server[Symbol.asyncDispose]();
});

const options = (path: string) => ({ host: '127.0.0.1', port: server.port, ca: server.pki.ca, ...admin, path });

test('logs come from the kubelet line by line, requested with the API server’s certificate', async () => {
  const outgoing = request(options('/api/v1/namespaces/default/pods/p/log?follow=true&tailLines=5')).end();
  const [response] = await once(outgoing, 'response');
  const [first] = await once(response.setEncoding('utf8'), 'data');
  expect(first).toBe('/containerLogs/default/p/main?follow=true&tailLines=5 by kube-apiserver-kubelet-client\n');
  const [second] = await once(response, 'data');
  expect(second).toBe('second line\n');
});

test('a request for the log of a pod with several containers must name one', async () => {
  const { status, body } = await server.client.raw('/api/v1/namespaces/default/pods/two/log');
  expect(status).toBe(400);
  expect(JSON.parse(body).message).toBe('a container name must be specified for pod two, choose one of: [main side]');
});

test('an upgrade relays raw bytes in both directions, with the kubelet’s names for the streams', async () => {
  const socket = connect(options(''));
  await once(socket, 'secureConnect');
  const path = '/api/v1/namespaces/default/pods/p/exec?command=sh&stdin=true&stdout=true&tty=true';
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n`,
  );
  let seen = '';
  socket.on('data', (chunk: Buffer) => {
    seen += chunk.toString();
    if (seen.endsWith('v5.channel.k8s.io\n')) socket.write('ping');
    if (seen.endsWith('ping')) socket.end();
  });
  await once(socket, 'close');
  expect(seen).toMatch(/^HTTP\/1.1 101 Switching Protocols\r\n/);
  expect(seen).toContain('GET /exec/default/p/main?command=sh');
  for (const stream of ['input=1', 'output=1', 'tty=1']) expect(seen).toContain(stream);
  expect(seen).toMatch(/ping$/);
});

test('an upgrade for a pod that does not exist is answered with a Status', async () => {
  const socket = connect(options(''));
  await once(socket, 'secureConnect');
  socket.write(
    'GET /api/v1/namespaces/default/pods/none/exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  );
  let seen = '';
  socket.on('data', (chunk: Buffer) => {
    seen += chunk.toString();
  });
  await once(socket, 'close');
  expect(seen).toMatch(/^HTTP\/1.1 404 /);
  expect(seen).toContain('pods \\"none\\" not found');
});

test('an unreachable kubelet is an error that names its address', async () => {
  await server.client.create(nodes, {
    metadata: { name: 'node02' },
    status: {
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: 1 } },
    },
  });
  const spec = { containers: [{ name: 'main', image: 'web' }], nodeName: 'node02' };
  await server.client.create(pods, { metadata: { name: 'away', namespace: 'default' }, spec });
  const { status, body } = await server.client.raw('/api/v1/namespaces/default/pods/away/log');
  expect(status).toBe(500);
  expect(JSON.parse(body).message).toBe(
    'Get "https://127.0.0.1:1/containerLogs/default/away/main": dial tcp 127.0.0.1:1: connect: connection refused',
  );
});
