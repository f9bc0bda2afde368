// Options that several commands have.
import type { OptionSpec } from '../command.ts';
import { both } from '../messages/words.ts';

/** Of each command that builds a cluster. */
export const unsafeNodesOption: OptionSpec = {
  flags: '--unsafe-nodes',
  help: both(
    "without user namespaces: root in a node is root on the engine's machine",
    '사용자 네임스페이스 없이: 노드의 root가 엔진이 있는 컴퓨터의 root가 됨',
  ),
};
