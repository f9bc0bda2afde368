// GET requests to the cluster's API server, with the grader's credentials, and to health endpoints.
import { readFile } from 'node:fs/promises';
import { request as plainRequest } from 'node:http';
import { Agent, request } from 'node:https';
import type { FabricMethods } from '../api/fabric.ts';
import { nodePaths } from '../api/paths.ts';
import { AgentError } from './run.ts';

const timeoutMs = 5000;
const mostBytes = 32 * 1024 * 1024;

interface Credentials {
  readonly server: string;
  readonly agent: Agent;
}

/** A GET request to the API server. The credentials are read once. */
export const createKube = (configPath: string = nodePaths.adminConfig) => {
  let credentials: Promise<Credentials> | undefined;
  return async ({ path }: FabricMethods['kube']['params']): Promise<FabricMethods['kube']['result']> => {
    credentials ??= readCredentials(configPath);
    const { server, agent } = await credentials;
    const { status, body } = await get(new URL(path, server), agent);
    return { status, body: parseBody(body) };
  };
};

/** A GET request to a health endpoint. */
export const health = ({ address, port, path }: FabricMethods['health']['params']) =>
  get(new URL(path, `http://${address}:${port}`));

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

const get = (url: URL, agent?: Agent): Promise<{ status: number; body: string }> => {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
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
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
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
