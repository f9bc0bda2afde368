// Sends requests through the routes of the API server, without a network and as an administrator.
import { generateKeyPairSync } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { createJwt } from '../../../src/node/apiserver/auth/jwt.ts';
import type { Api, Exchange } from '../../../src/node/apiserver/exchange/exchange.ts';
import { createMetrics } from '../../../src/node/apiserver/metrics.ts';
import { dispatch } from '../../../src/node/apiserver/routes/routes.ts';
import { StatusError } from '../../../src/node/apiserver/status.ts';
import { memoryApi } from './memory-api.ts';

export interface Reply {
  readonly code: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads any field of an answer
  readonly body: any;
  readonly type: string;
}

export type Call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Reply>;

export const startRoutes = (): { readonly call: Call; readonly api: Api } => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signing = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const api: Api = {
    ...memoryApi(),
    tokens: { jwt: createJwt({ signing }), issuer: 'test', audiences: ['test'] },
    metrics: createMetrics(),
    kubelet: {},
    signal: new AbortController().signal,
    address: '127.0.0.1:6443',
  };
  const call: Call = async (method, path, body, headers = {}) => {
    const content = body === undefined ? [] : [Buffer.from(JSON.stringify(body))];
    const request = Object.assign(Readable.from(content), { method, url: path, headers }) as unknown as IncomingMessage;
    const response = { setHeader() {}, appendHeader() {}, getHeader() {} } as unknown as ServerResponse;
    const user = { name: 'admin', groups: ['system:masters', 'system:authenticated'] };
    const exchange: Exchange = { api, request, response, user, url: new URL(path, 'https://localhost') };
    try {
      const answer = await dispatch(exchange);
      const type = String(answer?.headers?.['content-type'] ?? 'application/json');
      return { code: answer?.code ?? 0, body: answer?.body, type };
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return { code: error.status.code, body: error.status, type: 'application/json' };
    }
  };
  return { call, api };
};
