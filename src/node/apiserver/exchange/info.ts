// What a request asks for, read from its method and path as Kubernetes' RequestInfo does.
import { allResources, type Resource } from '../../../api/resources.ts';
import { type ServedVersion, servedVersions } from '../resources/versions.ts';
import { isTrue } from './query.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection' | 'options';

export interface ResourceRequest {
  readonly verb: Verb;
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  /** The stored resource. Undefined when the API has no resource of this group, version and plural. */
  readonly resource: Resource | undefined;
  /** Set when the client uses another version of the stored resource. */
  readonly served: ServedVersion | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  /** The path after the subresource: `metrics` of `nodes/n/proxy/metrics`. */
  readonly rest: string;
}

const streaming = new Set(['exec', 'attach', 'portforward']);

/** @returns undefined for a path that names no resource: discovery, health, version */
export const parseResourceRequest = (method: string, url: URL): ResourceRequest | undefined => {
  const parts = url.pathname.split('/').filter((part) => part !== '');
  const [root] = parts;
  const [group, version, ...path] = root === 'api' ? ['', ...parts.slice(1)] : root === 'apis' ? parts.slice(1) : [];
  if (group === undefined || version === undefined || path.length === 0) return undefined;
  const decoded = path.map(decodePart);
  const inNamespace = decoded[0] === 'namespaces' && decoded.length > 2 && !isNamespaceSubresource(decoded);
  const [plural = '', name, subresource, ...rest] = inNamespace ? decoded.slice(2) : decoded;
  const namespace = inNamespace ? decoded[1] : plural === 'namespaces' ? name : undefined;
  const isWanted = (known: Resource): boolean =>
    known.group === group && known.plural === plural && known.version === version;
  const served = servedVersions.find((candidate) => isWanted(candidate.resource));
  const resource = served?.stored ?? allResources.find(isWanted);
  // The query of a proxied request is for the backend.
  const watch = subresource !== 'proxy' && isTrue(url, 'watch');
  const verb = verbOf(method, { name, subresource, watch });
  return { verb, group, version, plural, resource, served, namespace, name, subresource, rest: rest.join('/') };
};

const isNamespaceSubresource = (path: readonly string[]): boolean =>
  path.length === 3 && (path[2] === 'status' || path[2] === 'finalize');

const decodePart = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};

interface Shape {
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  readonly watch: boolean;
}

const verbOf = (method: string, { name, subresource, watch }: Shape): Verb => {
  if (subresource !== undefined && streaming.has(subresource)) return method === 'GET' ? 'get' : 'create';
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (watch) return 'watch';
      return name === undefined ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name === undefined ? 'deletecollection' : 'delete';
    default:
      return 'options';
  }
};
