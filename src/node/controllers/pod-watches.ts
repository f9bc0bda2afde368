// What controllers watch that judge a pod by the node that it is on.
import { nodes, pods } from '../../api/resources.ts';
import { keyOf } from '../client/types.ts';
import { watch } from './controller.ts';

/** Keys are pods': a pod when it changes itself, and all pods of a node when that changes. */
export const podsAndTheirNodes = [
  watch(pods, (pod) => [keyOf(pod)]),
  watch(nodes, ({ metadata: { name } }, world) =>
    world
      .all(pods)
      .filter(({ spec }) => spec.nodeName === name)
      .map(keyOf),
  ),
];
