// What isn't about objects: version, health, metrics, the list of paths.
import { allResources } from '../../../api/resources.ts';
import { kubernetesVersion } from '../../../api/version.ts';
import type { Answer, Exchange } from './request.ts';

const [, major = '', minor = ''] = /^v(\d+)\.(\d+)\./.exec(kubernetesVersion) ?? [];

export const version = {
  major,
  minor,
  gitVersion: `${kubernetesVersion}+labs`,
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '2026-11-23T00:00:00Z',
  goVersion: `node ${process.version}`,
  compiler: 'esbuild',
  platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
};

const text = (body: string): Answer => ({ code: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body });

const checks = ['ping', 'log', 'store'];

const health = (name: string, { url }: Exchange): Answer => {
  if (!url.searchParams.has('verbose')) return text('ok');
  return text(`${checks.map((check) => `[+]${check} ok\n`).join('')}${name} check passed\n`);
};

/** Undefined when the path is none of these. */
export const misc = (exchange: Exchange): Answer | undefined => {
  const { api, url } = exchange;
  const path = url.pathname === '/' ? '/' : url.pathname.replace(/\/$/, '');
  switch (path) {
    case '/':
      return {
        code: 200,
        body: {
          paths: ['/api', '/api/v1', '/apis', '/healthz', '/livez', '/metrics', '/openapi/v3', '/readyz', '/version'],
        },
      };
    case '/version':
      return { code: 200, body: version };
    case '/healthz':
    case '/livez':
    case '/readyz':
      return health(path.slice(1), exchange);
    case '/healthz/ping':
    case '/livez/ping':
    case '/readyz/ping':
      return text('ok');
    case '/metrics': {
      const counts = allResources.map((resource) => [resource.plural, api.store.list(resource).length] as const);
      const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' };
      return { code: 200, headers, body: api.metrics.render(new Map(counts)) };
    }
    default:
      return undefined;
  }
};
