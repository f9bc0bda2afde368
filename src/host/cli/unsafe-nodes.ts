// `--unsafe-nodes`: machines without a user namespace of their own, where the engine's machine allows none.
import type { ClusterSummary } from '../cluster/status.ts';
import type { EngineInfo } from '../docker/port.ts';
import type { Context, Options } from './context.ts';
import { wrap } from './text.ts';

export const wantsUnsafeNodes = ({ unsafeNodes }: Options): boolean => unsafeNodes === true;

/** A lab that exists keeps how it was built. One whose start was interrupted is built anew. */
export const willBeUnsafe = (existing: ClusterSummary | undefined, wanted: boolean): boolean =>
  existing === undefined || existing.state === 'incomplete'
    ? wanted || existing?.unsafeNodes === true
    : existing.unsafeNodes === true;

/** Red lines, wrapped. */
export const unsafeLines = ({ output, say }: Pick<Context, 'output' | 'say'>, { local }: Pick<EngineInfo, 'local'>) =>
  wrap(say.unsafeNodes(local), output.width - 2).map((line, row) =>
    output.paint('red', `${row === 0 ? '! ' : '  '}${line}`),
  );
