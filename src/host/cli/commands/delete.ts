// `labs delete [name] [--all]`: deletes the containers, volumes and progress of a lab.
import { ExitCode } from '../../../kit/error.ts';
import { listClusters } from '../../cluster/status.ts';
import { confirm, declined } from '../ask.ts';
import type { Context, Run } from '../context.ts';
import { chooseInstance } from '../instances.ts';
import { removeLab } from '../removal.ts';
import { secondsSince } from '../text.ts';

export const run: Run = async (context, [given], options) => {
  const { output, say, json } = context;
  const names = options.all === true ? await allNames(context) : [(await chooseInstance(context, given)).name];
  if (names.length === 0) {
    output.line(json ? JSON.stringify({ deleted: [] }) : say.nothingToDelete);
    return ExitCode.ok;
  }
  if (!(await confirm(context, say.deleteQuestion(names.join(', '))))) return declined(context);
  await deleteLabs(context, names);
  if (json) output.line(JSON.stringify({ deleted: names }, null, 2));
  return ExitCode.ok;
};

/** Says of each lab when it is gone, except with `--json`. */
export const deleteLabs = async (context: Context, names: readonly string[]): Promise<void> => {
  const { output, say, json } = context;
  await Promise.all(
    names.map(async (name) => {
      const startedAt = performance.now();
      await removeLab(context, name);
      if (!json) output.line(say.deleted(name, secondsSince(startedAt)));
    }),
  );
};

const allNames = async (context: Context): Promise<readonly string[]> =>
  (await listClusters(await context.docker(), context.signal)).map(({ name }) => name);
