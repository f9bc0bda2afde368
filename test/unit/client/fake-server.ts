// A server for lists and watches of one resource. Tests decide when its watches send, end or break.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';

import type { ConfigMap } from '../../../src/api/core.ts';
import type { ServerConfig } from '../../../src/node/client/kubeconfig.ts';
import { createTestPki } from '../../fixtures/pki.ts';
import { freePort } from '../../support/free-port.ts';

export interface FakeServer {
  readonly config: ServerConfig;
  readonly requests: string[];
  put(name: string, data?: Record<string, string>): void;
  remove(name: string): void;
  /** Changes objects without events, and breaks the watches. Their revisions are then too old. */
  forgetHistory(change: () => void): void;
  /** Sends a bookmark with a new revision to every watch. */
  bookmark(): void;
  /** Ends every watch regularly, as servers do after some minutes. */
  finish(): void;
  /** Breaks the connection of every watch. */
  cut(): void;
  /** Closes the port until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
}

export const startFakeServer = async (): Promise<FakeServer> => {
  const pki = await createTestPki();
  const [serving, client] = await Promise.all([pki.issue('kube-apiserver'), pki.issue('kubernetes-admin')]);
  const objects = new Map<string, ConfigMap>();
  const watches = new Set<ServerResponse>();
  const requests: string[] = [];
  let version = 10;
  let oldest = 0;
  let silent = false;
  const tell = (type: string, object: unknown): void => {
    if (!silent) for (const watch of watches) watch.write(`${JSON.stringify({ type, object })}\n`);
  };
  const server = createServer({ ...serving, ca: pki.ca, requestCert: true }, (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const url = new URL(request.url ?? '/', 'https://localhost');
    if (url.pathname !== '/api/v1/configmaps') return refuse(response, 404, 'NotFound', 'the server could not find it');
    if (!url.searchParams.has('watch')) {
      const items = [...objects.values()];
      return void response.end(
        JSON.stringify({ kind: 'ConfigMapList', metadata: { resourceVersion: `${version}` }, items }),
      );
    }
    response.writeHead(200);
    response.flushHeaders();
    if (Number(url.searchParams.get('resourceVersion')) < oldest) {
      const object = {
        kind: 'Status',
        metadata: {},
        status: 'Failure',
        code: 410,
        reason: 'Expired',
        message: 'too old',
      };
      return void response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
    }
    watches.add(response);
    response.on('close', () => watches.delete(response));
  });
  const port = await freePort();
  const cut = (): void => {
    for (const watch of watches) watch.destroy();
  };
  const up = async (): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await up();
  return {
    config: { server: `https://127.0.0.1:${port}`, ca: pki.ca, cert: client.cert, key: client.key },
    requests,
    put: (name, data = {}) => {
      version += 1;
      const known = objects.has(name);
      const metadata = { name, namespace: 'default', resourceVersion: `${version}`, managedFields: [{}] };
      const object = { metadata, data };
      objects.set(name, object);
      tell(known ? 'MODIFIED' : 'ADDED', object);
    },
    remove: (name) => {
      version += 1;
      const object = objects.get(name);
      objects.delete(name);
      tell('DELETED', object);
    },
    forgetHistory: (change) => {
      silent = true;
      change();
      silent = false;
      oldest = version;
      cut();
    },
    bookmark: () => {
      version += 1;
      tell('BOOKMARK', { kind: 'ConfigMap', metadata: { resourceVersion: `${version}` } });
    },
    finish: () => {
      for (const watch of watches) watch.end();
    },
    cut,
    down: async () => {
      cut();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    up,
  };
};

const refuse = (response: ServerResponse, code: number, reason: string, message: string): void => {
  response.writeHead(code);
  response.end(
    JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason, message, code }),
  );
};
