// The types of one request and its answer: what handlers read, and how they answer.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Resource } from '../../../api/resources.ts';
import type { Tokens } from '../auth/jwt.ts';
import type { Metrics } from '../metrics.ts';
import type { AdmissionContext } from '../resources/definition.ts';
import type { ObjectKey } from '../store/store.ts';
import type { ResourceRequest } from './info.ts';
import type { User } from './user.ts';

/** PEM: the API server's client certificate for kubelets, and the authority of the kubelets' certificates. */
export interface KubeletAccess {
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly ca?: string | undefined;
}

/** The parts of the server that all requests share. */
export interface Api extends AdmissionContext {
  readonly kubelet: KubeletAccess;
  readonly tokens: Tokens;
  readonly metrics: Metrics;
  /** Aborts when the server stops, so that watches end. */
  readonly signal: AbortSignal;
  /** `192.168.56.10:6443`: where clients reach this server. */
  readonly address: string;
}

/** @typeParam A the part of the Api that the handler uses */
export interface Exchange<A = Api> {
  readonly api: A;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly user: User;
}

/** What an authorized request for a resource asks for. */
export interface Target {
  readonly info: ResourceRequest;
  readonly resource: Resource;
}

/** A request for a resource that exists. */
export interface ResourceExchange<A = Api> extends Exchange<A>, Target {}

export interface Answer {
  readonly code: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** Answers a request. Undefined: the handler writes the response itself. */
export type Handler<E = ResourceExchange> = (exchange: E) => Promise<Answer | undefined> | Answer | undefined;

export const ok = (body: unknown): Answer => ({ code: 200, body });

export const created = (body: unknown): Answer => ({ code: 201, body });

/** The namespace in the URL. Undefined for resources without namespaces. */
export const namespaceOf = ({ info, resource }: Target): string | undefined =>
  resource.namespaced ? info.namespace : undefined;

/** The object that the URL names. */
export const keyOf = (target: Target): ObjectKey => ({ name: target.info.name ?? '', namespace: namespaceOf(target) });
