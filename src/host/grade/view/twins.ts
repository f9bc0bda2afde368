// A node beside what our kube-proxy would write there for the same objects.
import type { ClusterSpec } from '../../../api/cluster.ts';
import type { NamespaceTexts } from '../../../api/dataplane.ts';
import { type Cluster, clusterOf, type Machine, readMachine } from '../../../dataplane/cluster/model.ts';
import { twinOf } from '../../plan/twin.ts';
import { cablesOf } from '../../trace/lab.ts';
import { BrokenFact } from '../facts.ts';
import type { FactReader } from './fact-reader.ts';
import type { Machines } from './machines.ts';
import { withoutMemory } from './memory.ts';
import type { Objects } from './objects.ts';
import { bounded, type Paths, userspaceProblem } from './paths.ts';

interface Options {
  readonly cluster: ClusterSpec;
  readonly facts: FactReader;
  readonly machines: Machines;
  readonly objects: Objects;
  readonly paths: Paths;
}

/** The same cluster with the node as it is, and with the node's twin. */
export interface Pair {
  readonly own: Cluster;
  readonly twin: Cluster;
}

/** Reading a model takes longer than walking through it, and all checks of a look share the facts. */
const pairs = new WeakMap<NamespaceTexts, { readonly of: NamespaceTexts; readonly pair: Pair }>();

export class Twins {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  /** What the tools print on the node, and in the namespace of its twin. */
  texts(node: string): { readonly own: NamespaceTexts; readonly twin: NamespaceTexts } {
    const { cluster, facts, objects } = this.#options;
    if (cluster.proxy.mode === 'userspace') throw new BrokenFact(userspaceProblem);
    // Without an API server there is no twin. And `check --watch` tells by these lists when a twin is out of date.
    for (const kind of ['node', 'service', 'endpointslice']) objects.list(kind);
    const own = facts.one<'dataplane'>({ kind: 'dataplane' }).find(({ machine, isOwn }) => machine === node && isOwn);
    if (!own) throw new BrokenFact(`the fabric has not read the data plane of ${node}`);
    return { own, twin: facts.one<'twin'>({ kind: 'twin', ...twinOf(cluster, node) }) };
  }

  /** The other network namespaces of the node, with their places in the list of all. */
  inside(node: string): readonly { readonly texts: NamespaceTexts; readonly index: number }[] {
    return this.#options.facts
      .one<'dataplane'>({ kind: 'dataplane' })
      .map((texts, index) => ({ texts, index }))
      .filter(({ texts }) => texts.machine === node && !texts.isOwn);
  }

  pair(node: string): Pair {
    const { machines, paths } = this.#options;
    const { own, twin } = this.texts(node);
    const known = pairs.get(twin);
    if (known?.of === own) return known.pair;
    const cables = cablesOf(machines.all);
    const all = [...paths.model().machines.values()];
    const withNode = (texts: NamespaceTexts): Cluster => {
      const machine = readMachine({ name: node, kind: 'node', texts: withoutMemory(texts) });
      return clusterOf(
        all.map((each: Machine) => (each.name === node ? machine : each)),
        cables,
      );
    };
    const pair = bounded(() => ({ own: withNode(own), twin: withNode(transplant(own, twin)) }));
    pairs.set(twin, { of: own, pair });
    return pair;
  }
}

/** The node with the rules of the twin. Links and routes are the node's: kube-proxy does not make them. */
const transplant = (own: NamespaceTexts, twin: NamespaceTexts): NamespaceTexts => ({
  ...twin,
  addresses: exchanged(own.addresses, 'ifname', ofProxy(twin.addresses, 'ifname')),
  routes: exchanged(own.routes, 'dev', ofProxy(twin.routes, 'dev')),
  routes6: exchanged(own.routes6, 'dev', ofProxy(twin.routes6, 'dev')),
  rules: own.rules,
  rules6: own.rules6,
  neighbours: own.neighbours,
  fdb: own.fdb,
  listeners: own.listeners,
  sysctls: sysctlsOf(own.sysctls, twin.sysctls),
});

/** The only link that kube-proxy makes, in mode ipvs. */
const proxyLink = 'kube-ipvs0';

type Entry = Readonly<Record<string, unknown>>;

const ofProxy = (json: string, field: string): readonly Entry[] =>
  (JSON.parse(json || '[]') as Entry[]).filter((entry) => entry[field] === proxyLink);

const exchanged = (json: string, field: string, instead: readonly Entry[]): string =>
  JSON.stringify([...(JSON.parse(json || '[]') as Entry[]).filter((entry) => entry[field] !== proxyLink), ...instead]);

/** Parameters of a link that the twin lacks are those that the kernel gives to a new link. */
const sysctlsOf = (own: string, twin: string): string => {
  const values = new Map(linesOf(twin));
  return linesOf(own)
    .map(([name, value]) => {
      const fallback = values.get(name.replace(/^(net\.ipv4\.conf)\..+\.(\w+)$/, '$1.default.$2'));
      return `${name} = ${values.get(name) ?? fallback ?? value}`;
    })
    .join('\n');
};

const linesOf = (text: string): readonly (readonly [string, string])[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [name = '', value = ''] = line.split(' = ');
      return [name, value] as const;
    });
