// What a request says about how its object is written: as a trial, for whom, and where warnings go.
import type { UpdateOptions } from '../admission/write.ts';
import type { ResourceExchange } from '../exchange/exchange.ts';
import { isDryRun } from '../exchange/query.ts';
import { warn } from '../exchange/warning.ts';
import { type Manager, managerFor } from '../ownership/managers.ts';

type Parts = Pick<ResourceExchange, 'request' | 'url' | 'resource' | 'info'>;

export const writeOptionsOf = (exchange: Parts & Pick<ResourceExchange, 'response' | 'user'>): UpdateOptions => ({
  dryRun: isDryRun(exchange.url),
  subresource: exchange.info.subresource,
  manager: managerOf(exchange),
  user: exchange.user,
  warn: (text) => warn(exchange.response, text),
});

/**
 * The owner of the fields that the request changes: the name in the query, or else the client's program, which is how
 * its User-Agent begins: `kubectl/v1.32.0 (linux/amd64)`.
 */
export const managerOf = ({ request, url, resource, info }: Parts): Manager => {
  const program = (request.headers['user-agent'] ?? '').split('/')[0] || 'unknown';
  const name = url.searchParams.get('fieldManager') || program.slice(0, 128);
  return managerFor(resource, { name, operation: 'Update', subresource: info.subresource });
};
