// Which facts a change concerns, and what the fabric must watch for the facts that were read. Pure. Used by live.ts.
import type { Change, ChangesParams, KernelPart } from '../../api/changes.ts';
import type { FactName } from '../../api/facts.ts';
import { deletedPrefix } from '../../api/paths.ts';
import type { ClusterAccess } from './access.ts';
import { type FactRequest, isMachine } from './facts.ts';

/** The request of a fact's key: the opposite of `keyOf`. */
export const requestOf = (key: string): FactRequest => Object.fromEntries(JSON.parse(key)) as FactRequest;

/** Real traffic and scripts: they depend on everything, and not everything that they depend on is announced. */
export const isLive = (request: FactRequest): boolean =>
  request.kind === 'facts' ? unannounced.has(request.want) : !['objects', 'file', 'digest'].includes(request.kind);

/** The kernel does not tell their changes. */
const unannounced: ReadonlySet<FactName> = new Set<FactName>(['conntrack', 'ipvs']);

/** The parts that a fact is made of. A fact that is not listed depends on all of them. */
const partsOf: Readonly<Partial<Record<FactName, readonly KernelPart[]>>> = {
  iptables: ['rules'],
  ip6tables: ['rules'],
  links: ['links'],
  routes: ['routes', 'links'],
  listeners: ['listeners'],
  processes: ['processes', 'stopped'],
  namespaces: ['links', 'processes'],
  sysctls: ['sysctls'],
  nft: ['rules'],
};

/** @param isOpen a check that reads the fact does not pass yet */
export const isConcerned = (request: FactRequest, change: Change, isOpen: boolean): boolean => {
  // kube-proxy's own program writes from objects alone, and starting it costs half a second of a processor.
  if (request.kind === 'twin' && change.kind !== 'all' && change.kind !== 'objects') return false;
  switch (change.kind) {
    case 'all':
      return true;
    case 'gone':
      return false;
    case 'retry':
      return isOpen && isLive(request);
    case 'kernel':
      return request.kind === 'facts' ? ofKernel(request, change) : behindKernel(request, change);
    case 'objects':
      return request.kind === 'objects' ? presentPath(request.path) === change.path : isLive(request) && !change.first;
    case 'file':
      return request.kind === 'file'
        ? request.machine === change.machine && request.path === change.path
        : isLive(request) && !change.first;
  }
};

/** Deleted objects change when the present ones do, and only the list of the present ones can be watched. */
const presentPath = (path: string): string =>
  path.startsWith(deletedPrefix) ? path.slice(deletedPrefix.length) : path;

type Kernel = Extract<Change, { kind: 'kernel' }>;

/** Where a pod or a named namespace is found depends on processes and links. */
const ofKernel = ({ spot, want }: Extract<FactRequest, { kind: 'facts' }>, { machine, what }: Kernel): boolean => {
  if (spot.machine !== machine) return false;
  const parts = partsOf[want];
  return !parts || parts.includes(what) || (!isMachine(spot) && (what === 'links' || what === 'processes'));
};

/**
 * Components run tools all the time. A process that matters for traffic opens a socket, or changes rules, links or
 * routes. An API server that a signal has stopped answers no more, but its watches stay open.
 */
const behindKernel = (request: FactRequest, { what }: Kernel): boolean =>
  isLive(request) ? what !== 'processes' : request.kind === 'objects' && what === 'stopped';

/** What the fabric must watch so that changes of these facts are told. */
export const interestsOf = (
  { machines }: ClusterAccess,
  keys: Iterable<string>,
): Pick<ChangesParams, 'machines' | 'objects' | 'files'> => {
  const objects = new Set<string>();
  const files = new Map<string, ChangesParams['files'][number]>();
  for (const key of keys) {
    const request = requestOf(key);
    if (request.kind === 'objects') objects.add(presentPath(request.path));
    if (request.kind !== 'file') continue;
    const pid = machines.find(({ name }) => name === request.machine)?.pid;
    if (pid === undefined) continue;
    files.set(`${pid} ${request.path}`, { machine: request.machine, pid, path: request.path });
  }
  return {
    machines: machines.map(({ name: machine, pid }) => ({ machine, pid })),
    objects: [...objects].sort(),
    files: [...files.values()].sort((a, b) => (`${a.pid} ${a.path}` < `${b.pid} ${b.path}` ? -1 : 1)),
  };
};
