// The watches of controllers whose decision about a pod depends on its node.
import { nodes, pods } from '../../api/resources.ts';
import { keyOf } from '../client/types.ts';
import { watch } from './controller.ts';

/** The keys are pods. A change of a pod adds its key. A change of a node adds the keys of all its pods. */
export const podsAndTheirNodes = [
  watch(pods, (pod) => [keyOf(pod)]),
  watch(nodes, ({ metadata: { name } }, world) =>
    world
      .all(pods)
      .filter(({ spec }) => spec.nodeName === name)
      .map(keyOf),
  ),
];
