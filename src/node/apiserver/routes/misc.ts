// Paths that are not about objects: version, health, metrics, the list of paths.
import { allResources } from '../../../api/resources.ts';
import { kubernetesMajor, kubernetesMinor, kubernetesVersion } from '../../../api/version.ts';
import { type Answer, type Exchange, ok } from '../exchange/exchange.ts';

const version = {
  major: kubernetesMajor,
  minor: kubernetesMinor,
  gitVersion: `${kubernetesVersion}+labs`,
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '2026-11-23T00:00:00Z',
  goVersion: `node ${process.version}`,
  compiler: 'esbuild',
  platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
};

const text = (body: string, type = 'text/plain'): Answer => ({
  code: 200,
  headers: { 'content-type': `${type}; charset=utf-8` },
  body,
});

const paths = [
  '/api',
  '/api/v1',
  '/apis',
  '/healthz',
  '/livez',
  '/metrics',
  '/openapi/v2',
  '/openapi/v3',
  '/readyz',
  '/version',
];
const checks = ['ping', 'log', 'store'];

const health = (name: string, { searchParams }: URL): Answer => {
  if (!searchParams.has('verbose')) return text('ok');
  return text(`${checks.map((check) => `[+]${check} ok\n`).join('')}${name} check passed\n`);
};

const metrics = ({ api }: Pick<Exchange, 'api'>): Answer => {
  const counts = allResources.map((resource) => [resource.plural, api.store.list(resource).length] as const);
  return text(api.metrics.render(new Map(counts)), 'text/plain; version=0.0.4');
};

/** @returns undefined for any other path */
export const misc = (exchange: Pick<Exchange, 'api' | 'url'>): Answer | undefined => {
  const { url } = exchange;
  const path = url.pathname === '/' ? '/' : url.pathname.replace(/\/$/, '');
  switch (path) {
    case '/':
      return ok({ paths });
    case '/version':
      return ok(version);
    case '/healthz':
    case '/livez':
    case '/readyz':
      return health(path.slice(1), url);
    case '/healthz/ping':
    case '/livez/ping':
    case '/readyz/ping':
      return text('ok');
    case '/metrics':
      return metrics(exchange);
    default:
      return undefined;
  }
};
