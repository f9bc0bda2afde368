// One request on its way: what the handlers see, and how they answer.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Resource } from '../../../api/resources.ts';
import type { Logger } from '../../../kit/logger.ts';
import type { AdmissionContext } from '../admission/strategy.ts';
import type { User } from '../auth/authenticate.ts';
import type { Metrics } from '../metrics.ts';
import { entityTooLarge } from '../status.ts';
import type { ResourceRequest } from './info.ts';

/** How the API server proves itself to kubelets, as PEM. */
export interface KubeletAccess {
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly ca?: string | undefined;
}

/** What the whole server shares. */
export interface Api extends AdmissionContext {
  readonly kubelet: KubeletAccess;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Aborts when the server stops: watches end. */
  readonly signal: AbortSignal;
  /** `192.168.56.10:6443`, as clients reach this server. */
  readonly address: string;
}

export interface Exchange {
  readonly api: Api;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly user: User;
}

/** A request for a resource that exists. */
export interface ResourceExchange extends Exchange {
  readonly info: ResourceRequest;
  readonly resource: Resource;
}

export interface Answer {
  readonly code: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** Undefined: the handler writes the response itself. */
export type Handler<E extends Exchange = ResourceExchange> = (
  exchange: E,
) => Promise<Answer | undefined> | Answer | undefined;

export const ok = (body: unknown): Answer => ({ code: 200, body });

const bodyLimit = 3 * 1024 * 1024;

/** @throws StatusError 413 on a body over 3 MiB */
export const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimit) throw entityTooLarge(bodyLimit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

/** `?dryRun=All` */
export const isDryRun = (url: URL): boolean => url.searchParams.getAll('dryRun').includes('All');
