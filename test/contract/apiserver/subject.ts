// The API server in a process of its own on loopback, as kube-proxy sees it.
import type { KubeObject } from '../../../src/api/meta.ts';
import type { Resource } from '../../../src/api/resources.ts';
import { isAlreadyExists } from '../../../src/node/client/error.ts';
import type { ServerConfig } from '../../../src/node/client/kubeconfig.ts';
import { startTestServer } from './server.ts';

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
