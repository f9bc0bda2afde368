// Who a request writes for: the owner of the fields that the request changes.
import { type Manager, managerFor } from '../ownership/managers.ts';
import type { ResourceExchange } from './exchange.ts';

type Parts = Pick<ResourceExchange, 'request' | 'url' | 'resource' | 'info'>;

/** The name in the query, or else the client's program, as its User-Agent begins: `kubectl/v1.32.0 (linux/amd64)`. */
export const managerOf = ({ request, url, resource, info }: Parts): Manager => {
  const program = (request.headers['user-agent'] ?? '').split('/')[0] || 'unknown';
  const name = url.searchParams.get('fieldManager') || program.slice(0, 128);
  return managerFor(resource, { name, operation: 'Update', subresource: info.subresource });
};
