// The API server and its stub, each as a process on loopback, behind one interface.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as send } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import type { KubeObject, WatchEvent } from '../../../src/api/meta.ts';
import type { Resource } from '../../../src/api/resources.ts';
import { isAlreadyExists } from '../../../src/node/client/error.ts';
import type { ServerConfig } from '../../../src/node/client/kubeconfig.ts';
import { writeStubFiles } from '../../support/api-stub-files.ts';
import { startApiserver } from '../../support/apiserver.ts';
import { freePort } from '../../support/free-port.ts';
import { testProgram } from '../../support/programs.ts';

export interface Subject extends AsyncDisposable {
  /** With valid credentials. */
  readonly config: ServerConfig;
  /** With invalid credentials. */
  readonly stranger: ServerConfig;
  /** Without credentials. */
  readonly nobody: ServerConfig;
  /** Creates or replaces the object. */
  put<T extends KubeObject>(resource: Resource<T>, object: T): Promise<void>;
  remove<T extends KubeObject>(resource: Resource<T>, object: T): Promise<void>;
}

export const startServer = async (): Promise<Subject> => {
  const server = await startApiserver();
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
  const child = spawn(process.execPath, [testProgram('api-stub'), folder, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const feed = async (change: object): Promise<void> => {
    const outgoing = send({ socketPath: join(folder, 'control.sock'), method: 'POST' }).end(JSON.stringify([change]));
    const [response] = await once(outgoing, 'response');
    await once(response.resume(), 'end');
  };
  const nobody = { server: `https://127.0.0.1:${port}`, insecure: true };
  return {
    config: { ...nobody, token: 'right' },
    stranger: { ...nobody, token: 'wrong' },
    nobody,
    put: ({ plural }, object) => feed({ plural, object }),
    remove: ({ plural }, object) => feed({ plural, object, remove: true }),
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
};

export interface PlainAnswer {
  readonly code: number | undefined;
  readonly type: string | undefined;
  readonly body: unknown;
}

/** A GET without the project's client. */
export const ask = (
  { server, ca, cert, key, token, insecure }: ServerConfig,
  path: string,
  accept: string,
): Promise<PlainAnswer> => {
  const headers = { accept, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  const { promise, resolve, reject } = Promise.withResolvers<PlainAnswer>();
  const options = { ca, cert, key, headers, rejectUnauthorized: !insecure, agent: false };
  const outgoing = request(server + path, options, (response) => {
    const head = { code: response.statusCode, type: response.headers['content-type'] };
    json(response).then((body) => resolve({ ...head, body }), reject);
  });
  outgoing.on('error', reject).end();
  return promise;
};

/** Takes some events from a watch and then ends the watch. */
export const take = async <T extends KubeObject>(
  watch: AsyncIterable<WatchEvent<T>>,
  count: number,
): Promise<ChangeEvent<T>[]> => {
  const events: ChangeEvent<T>[] = [];
  for await (const event of watch) if (events.push(event as ChangeEvent<T>) === count) break;
  return events;
};
/** A watch event other than an error. */
export type ChangeEvent<T> = Exclude<WatchEvent<T>, { type: 'ERROR' }>;
