// kubectl in front of a server without OpenAPI v3, which it then treats as an old one: it reads OpenAPI v2 in protobuf.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ServerConfig } from '../../../src/node/client/kubeconfig.ts';
import { type RunningApiserver, startApiserver } from '../../support/apiserver.ts';

let server: RunningApiserver;
let front: Server;
const folder = mkdtempSync(join(tmpdir(), 'labs-old-kubectl-'));
const asked: string[] = [];

const withoutV3 = ({ server: url, ca, cert, key }: ServerConfig): Server =>
  createServer((from, to) => {
    const path = from.url ?? '';
    asked.push(`${from.method} ${path} ${from.headers.accept ?? ''}`);
    if (path.startsWith('/openapi/v3')) {
      to.writeHead(404).end();
      return;
    }
    const options = { method: from.method, headers: from.headers, ca, cert, key };
    const onward = request(new URL(path, url), options, (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(to);
    });
    onward.on('error', (error) => to.destroy(error));
    from.pipe(onward);
  });

beforeAll(async () => {
  server = await startApiserver();
  front = withoutV3(await server.configFor('kubernetes-admin', ['system:masters'])).listen(0, '127.0.0.1');
  await once(front, 'listening');
});
afterAll(async () => {
  front.close();
  front.closeAllConnections();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const kubectl = async (...args: string[]): Promise<string> => {
  const { port } = front.address() as AddressInfo;
  const environment = { PATH: process.env.PATH, HOME: folder };
  const options = { env: environment, timeout: 30_000 };
  return (await promisify(execFile)('kubectl', [`--server=http://127.0.0.1:${port}`, ...args], options)).stdout;
};

const manifest = (object: object): string => {
  const file = join(folder, 'object.json');
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', ...object }));
  return file;
};
const service = (spec: object): string => manifest({ kind: 'Service', metadata: { name: 'x' }, spec });

test('reads the document of v2 in protobuf', async () => {
  expect(await kubectl('explain', 'pod.spec.nodeName', '--output=plaintext-openapiv2')).toContain('nodeName <string>');
  expect(asked.find((line) => line.startsWith('GET /openapi/v2'))).toContain('proto-openapi.spec.v2');
});

test('finds in the paths that the server validates the fields of a kind', async () => {
  const file = service({ ports: [{ port: 80 }], selectr: { app: 'x' } });
  // kubectl itself says "error validating data" if the document does not say that the server validates.
  await expect(kubectl('create', '--validate=strict', '-f', file)).rejects.toThrow(
    'Service in version "v1" cannot be handled as a Service: strict decoding error: unknown field "spec.selectr"',
  );
  expect(asked.some((line) => line.startsWith('POST') && line.includes('fieldValidation=Strict'))).toBe(true);
});

test('tries an apply on the server, then applies, and patches what has changed', async () => {
  const file = service({ ports: [{ port: 80 }] });
  expect(await kubectl('apply', '--dry-run=server', '-f', file)).toContain('service/x created (server dry run)');
  expect(await kubectl('apply', '-f', file)).toContain('service/x created');
  expect(await kubectl('apply', '-f', service({ ports: [{ port: 81 }] }))).toContain('service/x configured');
  expect(await kubectl('get', 'service', 'x', '-o', 'jsonpath={.spec.ports[*].port}')).toBe('81');
});

test('looks for an unknown kind among the custom resource definitions, of which there are none', async () => {
  const file = manifest({ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'q' } });
  await expect(kubectl('create', '-f', file)).rejects.toThrow('no matches for kind "StatefulSet" in version "apps/v1"');
  const unknown = manifest({ kind: 'ReplicationController', metadata: { name: 'q' } });
  await expect(kubectl('apply', '-f', unknown)).rejects.toThrow('no matches for kind "ReplicationController"');
});
