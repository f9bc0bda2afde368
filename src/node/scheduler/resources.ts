// Resources of pods and nodes: CPU in thousandths of a core, everything else in whole units.
import type { Container, Node, Pod } from '../../api/core.ts';
import { isSidecar } from '../../api/pods.ts';
import { milliCpu, wholeUnits } from '../../api/quantity.ts';

export type Amounts = ReadonlyMap<string, number>;

const amount = (resource: string, text: string | undefined): number =>
  resource === 'cpu' ? milliCpu(text) : wholeUnits(text);

/**
 * For each resource, the larger of two amounts: the sum of the containers and sidecars, or the largest request while
 * the pod starts. An init container then runs alone, beside the sidecars that come before it.
 */
export const requestsOf = ({ spec }: Pod): Amounts => {
  const sidecars = new Map<string, number>();
  const starting = new Map<string, number>();
  for (const container of spec.initContainers ?? []) {
    for (const [resource, value] of requestsOfContainer(container)) {
      const together = (sidecars.get(resource) ?? 0) + value;
      if (isSidecar(container)) sidecars.set(resource, together);
      starting.set(resource, Math.max(starting.get(resource) ?? 0, together));
    }
  }
  const total = new Map(sidecars);
  for (const container of spec.containers) {
    for (const [resource, value] of requestsOfContainer(container))
      total.set(resource, (total.get(resource) ?? 0) + value);
  }
  for (const [resource, value] of starting) total.set(resource, Math.max(total.get(resource) ?? 0, value));
  return total;
};

/** A limit without a request counts as the request, as in the API server's defaults. */
const requestsOfContainer = ({ resources }: Container): [string, number][] =>
  Object.entries({ ...resources?.limits, ...resources?.requests }).map(([resource, text]) => [
    resource,
    amount(resource, text),
  ]);

export const allocatableOf = ({ status }: Node): Amounts =>
  new Map(Object.entries(status?.allocatable ?? {}).map(([resource, text]) => [resource, amount(resource, text)]));

/** The amounts that count for the load. A pod without requests gets a default ("non-zero requests" in the original). */
export const weightOf = (requests: Amounts): { readonly cpu: number; readonly memory: number } => ({
  cpu: requests.get('cpu') || 100,
  memory: requests.get('memory') || 200 * 2 ** 20,
});
