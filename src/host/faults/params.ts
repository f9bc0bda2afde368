// Parameters of faults: what an author may set in lab.yaml, and their defaults.
import * as z from 'zod';

/** What the defaults of parameters are chosen from. */
export interface FaultCluster {
  readonly workers: readonly string[];
  /** All nodes, workers first. */
  readonly nodes: readonly string[];
  /** The nodes with a kube-proxy. */
  readonly proxies: readonly string[];
  readonly controlPlane: string;
}

export interface Param<T extends string | number> {
  /** `node`: the value names a node of the lab, with a kube-proxy. */
  readonly kind: 'service' | 'node' | 'value';
  readonly schema: z.ZodType<T>;
  /** As documentation and editors show it. */
  readonly description: string;
  /** The default in words, for the documentation. */
  readonly shownDefault: string;
  /** @param others the values of the parameters before this one */
  readonly byDefault: (cluster: FaultCluster, others: Readonly<Record<string, unknown>>) => T | undefined;
}

export type Params = Readonly<Record<string, Param<string> | Param<number>>>;

/** The values of a fault's parameters, and the node where students run kubectl. */
export type Values<P extends Params> = { readonly [K in keyof P]: P[K] extends Param<infer T> ? T : never } & {
  readonly controlPlane: string;
};

const label = '[a-z]([-a-z0-9]*[a-z0-9])?';

/** The service that stops working: `namespace/name`. The fault makes it. */
export const serviceParam = (name: string): Param<string> => ({
  kind: 'service',
  schema: z.string().regex(new RegExp(`^${label}/${label}$`), {
    error: (issue) => `"${issue.input}" is not a service such as ${name}`,
  }),
  description: 'The service, NAMESPACE/NAME. The fault makes it, with its pods.',
  shownDefault: name,
  byDefault: () => name,
});

const node = (description: string, shownDefault: string, byDefault: Param<string>['byDefault']): Param<string> => ({
  kind: 'node',
  schema: z.string(),
  ...{ description, shownDefault, byDefault },
});

/** The node of the pod that calls. @param also what else is there */
export const callerParam = (also = ''): Param<string> =>
  node(`The node of the pod that calls${also}.`, 'the last worker', ({ workers, nodes, proxies }, others) => {
    const isFree = (name: string): boolean => proxies.includes(name) && name !== others.server;
    return workers.findLast(isFree) ?? nodes.find(isFree);
  });

/** The node of the pod that serves: another one than `caller`, so that packets cross the network between them. */
export const serverParam = (also = ''): Param<string> =>
  node(`The node of the pod that serves${also}.`, 'the first worker that is another one', ({ nodes }, others) =>
    nodes.find((name) => name !== others.caller),
  );

export const portParam = (description: string, port: number): Param<number> => ({
  kind: 'value',
  schema: z.int().min(1).max(65_535),
  description,
  shownDefault: String(port),
  byDefault: () => port,
});
