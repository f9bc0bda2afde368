// The API server, and the stub that stands in for it: both in a process of their own on loopback, fed in their own ways.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as send } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apiStub, writeStubFiles } from '../../../scripts/lib/api-stub-files.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import type { Resource } from '../../../src/api/resources.ts';
import { isAlreadyExists } from '../../../src/node/client/error.ts';
import type { ServerConfig } from '../../../src/node/client/kubeconfig.ts';
import { freePort, startTestServer } from './server.ts';

export interface Subject extends AsyncDisposable {
  /** With credentials that are good. */
  readonly config: ServerConfig;
  /** With credentials that aren't. */
  readonly stranger: ServerConfig;
  /** With none at all. */
  readonly nobody: ServerConfig;
  /** Makes the object, or replaces it. */
  put<T extends KubeObject>(resource: Resource<T>, object: T): Promise<void>;
  remove<T extends KubeObject>(resource: Resource<T>, object: T): Promise<void>;
}

export const startServer = async (): Promise<Subject> => {
  const server = await startTestServer();
  const { client } = server;
  const nobody = await server.configFor();
  return {
    config: await server.configFor('kubernetes-admin', ['system:masters']),
    stranger: { ...nobody, token: 'wrong' },
    nobody,
    put: async (resource, object) => {
      try {
        await client.create(resource, object);
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
        await client.update(resource, object);
      }
    },
    remove: (resource, { metadata }) => client.delete(resource, metadata),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
};

export const startStub = async (): Promise<Subject> => {
  const folder = mkdtempSync(join(tmpdir(), 'labs-stub-'));
  await writeStubFiles(folder);
  writeFileSync(join(folder, 'api-token'), 'right');
  const port = await freePort();
  const child = spawn(process.execPath, [apiStub, folder, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const change = async (...changes: readonly object[]): Promise<void> => {
    const outgoing = send({ socketPath: join(folder, 'control.sock'), method: 'POST' }).end(JSON.stringify(changes));
    const [response] = await once(outgoing, 'response');
    await once(response.resume(), 'end');
  };
  const nobody = { server: `https://127.0.0.1:${port}`, insecure: true };
  return {
    config: { ...nobody, token: 'right' },
    stranger: { ...nobody, token: 'wrong' },
    nobody,
    put: ({ plural }, object) => change({ plural, object }),
    remove: ({ plural }, object) => change({ plural, object, remove: true }),
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
};
