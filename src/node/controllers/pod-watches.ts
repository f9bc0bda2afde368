// The watches of controllers whose decision about a pod depends on its node.
import { nodes, pods } from '../../api/resources.ts';
import { keyOf } from '../client/types.ts';
import { watch } from './controller.ts';

/** Keys are pods. A changed pod wakes itself; a changed node wakes all its pods. */
export const podsAndTheirNodes = [
  watch(pods, (pod) => [keyOf(pod)]),
  watch(nodes, ({ metadata: { name } }, world) =>
    world
      .all(pods)
      .filter(({ spec }) => spec.nodeName === name)
      .map(keyOf),
  ),
];
