// The subresources that the API has: discovery lists them, and routes/routes.ts has a handler for each verb.
import type { Verb } from '../exchange/info.ts';

interface Shape {
  readonly verbs: readonly Verb[];
  /** The kind of the bodies, when it differs from the resource's kind. */
  readonly kind?: string;
  /** The group of that kind, when it differs from the resource's group. */
  readonly group?: string;
  readonly version?: 'v1';
}

export const subresources = {
  status: { verbs: ['get', 'patch', 'update'] },
  approval: { verbs: ['get', 'patch', 'update'] },
  ephemeralcontainers: { verbs: ['get', 'patch', 'update'] },
  scale: { verbs: ['get', 'patch', 'update'], kind: 'Scale', group: 'autoscaling', version: 'v1' },
  finalize: { verbs: ['update'] },
  log: { verbs: ['get'] },
  binding: { verbs: ['create'], kind: 'Binding' },
  eviction: { verbs: ['create'], kind: 'Eviction', group: 'policy', version: 'v1' },
  token: { verbs: ['create'], kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1' },
  exec: { verbs: ['create', 'get'], kind: 'PodExecOptions' },
  attach: { verbs: ['create', 'get'], kind: 'PodAttachOptions' },
  portforward: { verbs: ['create', 'get'], kind: 'PodPortForwardOptions' },
  /** Discovery puts the resource's kind in front: `PodProxyOptions`. */
  proxy: { verbs: ['create', 'delete', 'get', 'patch', 'update'], kind: 'ProxyOptions' },
} as const satisfies Record<string, Shape>;

export type Subresource = keyof typeof subresources;

/** `get/status`, `create/binding`, …: a verb on a subresource. */
export type SubresourceVerb = { [S in Subresource]: `${(typeof subresources)[S]['verbs'][number]}/${S}` }[Subresource];
