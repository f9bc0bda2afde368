// GET requests to the cluster's API server, with the grader's credentials, and to health endpoints.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type IncomingMessage, request as plainRequest } from 'node:http';
import { Agent, request } from 'node:https';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { FabricMethods } from '../api/fabric.ts';
import type { KubeObject } from '../api/meta.ts';
import { nodePaths } from '../api/paths.ts';
import { AgentError } from './run.ts';

const timeoutMs = 5000;
const mostBytes = 32 * 1024 * 1024;
const mostTries = 3;

interface Credentials {
  readonly server: string;
  readonly agent: Agent;
}

export interface Kube {
  /** The API server, as the credentials name it. */
  address(): Promise<URL>;
  get(params: FabricMethods['kube']['params']): Promise<FabricMethods['kube']['result']>;
  /** Tells when a list changes, until the signal aborts. Never throws: an API server that is away may come back. */
  watch(path: string, options: WatchOptions): Promise<void>;
}

export interface WatchOptions {
  /** The list is watched now for the first time. */
  onReady(): void;
  /** An object has changed, or the API server has gone or come back. */
  onChange(): void;
  readonly signal: AbortSignal;
}

/**
 * GET requests and watches on the API server. The credentials are read once.
 * @param isOwn whether the cluster's kube-apiserver has this connection: root there has the key to answer in its place
 */
export const createKube = (
  configPath: string = nodePaths.adminConfig,
  isOwn: (connection: Socket) => Promise<boolean> = async () => true,
): Kube => {
  let credentials: Promise<Credentials> | undefined;
  const at = async (path: string): Promise<readonly [URL, Agent]> => {
    credentials ??= readCredentials(configPath);
    const { server, agent } = await credentials;
    return [new URL(path, server), agent];
  };
  return {
    address: async () => (await at('/'))[0],
    async get({ path }) {
      const [url, agent] = await at(path);
      for (let tries = 1; ; tries += 1) {
        const { status, body, connection } = await get(url, agent);
        if (await isOwn(connection)) return { status, body: parseBody(body) };
        // A connection that has ended meanwhile belongs to nobody.
        if (!connection.destroyed || tries === mostTries)
          throw new AgentError('FABRIC_OTHER_API', 'another program answers in the place of kube-apiserver');
      }
    },
    watch: (path, options) => watchList(() => at(path), options),
  };
};

type Listed = Omit<KubeObject, 'kind' | 'apiVersion'> & Partial<Pick<KubeObject, 'kind' | 'apiVersion'>>;

const retryMs = 500;

const watchList = async (
  at: () => Promise<readonly [URL, Agent]>,
  { onReady, onChange, signal }: WatchOptions,
): Promise<void> => {
  /** A short mark of each object, without the objects themselves. */
  let known: Map<string, string> | undefined;
  let isUp = true;
  while (!signal.aborted) {
    try {
      const [url, agent] = await at();
      const { status, body } = await get(url, agent);
      const list = parseBody(body) as { items?: readonly Listed[]; metadata?: { resourceVersion?: string } };
      if (status !== 200) throw new AgentError('FABRIC_HTTP', `${url.href} answered ${status}`);
      const now = new Map((list.items ?? []).map((object) => [object.metadata.uid ?? '', markOf(object)]));
      if (!known) onReady();
      else if (!isUp || !sameMarks(known, now)) onChange();
      known = now;
      isUp = true;
      url.searchParams.set('watch', '1');
      url.searchParams.set('resourceVersion', list.metadata?.resourceVersion ?? '');
      await follow(url, agent, signal, ({ type, object }) => {
        const uid = object.metadata?.uid ?? '';
        const mark = type === 'DELETED' ? undefined : markOf(object);
        if (now.get(uid) === mark) return;
        if (mark === undefined) now.delete(uid);
        else now.set(uid, mark);
        onChange();
      });
    } catch {
      if (isUp && known) onChange();
      isUp = false;
    }
    await delay(retryMs, undefined, { signal }).catch(() => {});
  }
};

const sameMarks = (one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean =>
  one.size === other.size && [...one].every(([uid, mark]) => other.get(uid) === mark);

/**
 * The same for the same state. Heartbeats say only that a node lives, each few seconds. An event names the kind of its
 * object, a list does not.
 */
export const markOf = ({ kind: _, apiVersion: __, ...object }: Listed): string =>
  createHash('sha1')
    .update(
      JSON.stringify(object, (key, value) =>
        ['resourceVersion', 'managedFields', 'lastHeartbeatTime'].includes(key) ? undefined : value,
      ),
    )
    .digest('base64');

interface WatchEvent {
  readonly type: string;
  readonly object: Listed;
}

/** Reads the events of a watch until the server ends it. */
const follow = async (
  url: URL,
  agent: Agent,
  signal: AbortSignal,
  onEvent: (event: WatchEvent) => void,
): Promise<void> => {
  const asked = request(url, { headers: { accept: 'application/json' }, agent, signal });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  if (response.statusCode !== 200) {
    response.destroy();
    throw new AgentError('FABRIC_HTTP', `${url.href} answered ${response.statusCode}`);
  }
  for await (const line of createInterface({ input: response.setEncoding('utf8') })) {
    const event = JSON.parse(line) as WatchEvent;
    // Such as an expired resource version: the list is read anew.
    if (event.type === 'ERROR') return;
    if (event.type !== 'BOOKMARK') onEvent(event);
  }
};

/** A GET request to a health endpoint. */
export const health = async ({ address, port, path }: FabricMethods['health']['params']) => {
  const { status, body } = await get(new URL(path, `http://${address}:${port}`));
  return { status, body };
};

/** `plan/files.ts` writes this file with one value per line, so it needs no YAML parser. */
const readCredentials = async (path: string): Promise<Credentials> => {
  const text = await readFile(path, 'utf8');
  const value = (key: string): string => new RegExp(`${key}: (\\S+)`).exec(text)?.[1] ?? '';
  const decoded = (key: string): Buffer => Buffer.from(value(key), 'base64');
  const agent = new Agent({
    keepAlive: true,
    ca: decoded('certificate-authority-data'),
    cert: decoded('client-certificate-data'),
    key: decoded('client-key-data'),
  });
  return { server: value('server'), agent };
};

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly connection: Socket;
}

const get = (url: URL, agent?: Agent): Promise<Answer> => {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const limit = AbortSignal.timeout(timeoutMs);
  const fail = (error: Error): void => {
    const said = limit.aborted ? 'no answer in time' : error.message;
    reject(new AgentError('FABRIC_HTTP', `${url.href}: ${said}`));
  };
  const options = { headers: { accept: 'application/json' }, signal: limit };
  const asked = agent ? request(url, { ...options, agent }) : plainRequest(url, options);
  asked.on('error', fail);
  asked.on('response', (response) => {
    let body = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      body += chunk;
      if (body.length > mostBytes) response.destroy(new Error('the answer is too long'));
    });
    response.on('error', fail);
    const connection = response.socket;
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body, connection }));
  });
  asked.end();
  return promise;
};

const parseBody = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
};
