// How checks and scripts read the cluster: one object with a reader for each group of questions.
import type { ClusterSpec } from '../../../api/cluster.ts';
import type { FactStore } from '../facts.ts';
import type { Phrases } from '../say/en.ts';
import { Arrivals } from './arrivals.ts';
import { FactReader } from './fact-reader.ts';
import { type Machine, Machines } from './machines.ts';
import { Objects } from './objects.ts';
import { Paths } from './paths.ts';
import { Places } from './places.ts';
import { Probes } from './probes.ts';
import { Twins } from './twins.ts';

/**
 * A view is pure: it reads the facts in a store and gathers nothing.
 * Every method of every reader throws MissingFacts, Unmet or BrokenFact (see `../facts.ts`) when it has no answer.
 */
export interface View {
  readonly facts: FactReader;
  readonly machines: Machines;
  readonly objects: Objects;
  readonly paths: Paths;
  readonly places: Places;
  readonly probes: Probes;
  readonly twins: Twins;
}

export interface ViewOptions {
  readonly cluster: ClusterSpec;
  /** The running machines. */
  readonly machines: readonly Machine[];
  readonly store: FactStore;
  /** The phrases for errors. */
  readonly say: Phrases;
}

export const createView = ({ cluster, machines: running, store, say }: ViewOptions): View => {
  const facts = new FactReader(store, say);
  const machines = new Machines(running, say);
  const objects = new Objects({ cluster, facts, machines, say });
  const places = new Places({ cluster, machines, objects, say });
  const paths = new Paths({ cluster, facts, machines, objects, say });
  const arrivals = new Arrivals({ facts, machines, objects, places });
  const probes = new Probes({ arrivals, cluster, facts, machines, say });
  const twins = new Twins({ cluster, facts, machines, objects, paths });
  return { facts, machines, objects, paths, places, probes, twins };
};
