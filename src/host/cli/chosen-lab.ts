// Finds the lab that `labs start` means, and the name of its cluster. The operand may be a lab of this package, a
// folder, or a cluster that exists already, also one whose lab is elsewhere.
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type LabDefinition, localize, type Variation } from '../../api/lab.ts';
import { ExitCode, LabError } from '../../kit/error.ts';
import type { ClusterSummary } from '../cluster/status.ts';
import { findLab, isFolder, labFolders, listLabs } from '../lab/catalogue.ts';
import { labFile } from '../lab/load.ts';
import { choose } from './ask.ts';
import type { Context } from './context.ts';
import { clustersIfAny } from './instances.ts';
import { definitionOf } from './machines.ts';
import { refuseOtherVariation } from './variation.ts';

export interface ChosenLab {
  readonly lab: LabDefinition;
  /** The name of the cluster. */
  readonly name: string;
}

/** @throws LabError `LAB_UNKNOWN`, `LAB_NAME_NEEDED`, `LAB_NAME_TAKEN`, `LAB_SEED_FIXED` */
export const labToStart = async (
  context: Context,
  given: string | undefined,
  variation: Variation = {},
): Promise<ChosenLab> => {
  const known = await clustersIfAny(context);
  const existing = existingCluster(known, given, context.name);
  if (existing) {
    refuseOtherVariation(context, existing, variation);
    await noteOtherLab(context, existing, given);
    return { lab: await definitionOf(context, existing), name: existing.name };
  }
  const lab = await findAnywhere(context, known, given ?? (await askForLab(context)), variation);
  const name = context.name ?? lab.name;
  refuseTakenName(context, known, { lab, name });
  const resumed = known.find((cluster) => cluster.name === name);
  if (resumed) refuseOtherVariation(context, resumed, variation);
  return { lab, name };
};

/** A cluster that was made from a folder has the name of a lab that is at hand, too. */
const noteOtherLab = async (
  { output, say, paths }: Context,
  { name, lab, folder }: ClusterSummary,
  given: string | undefined,
): Promise<void> => {
  if (given === undefined || folder === undefined) return;
  const other = (await labFolders(paths.labs)).find((each) => basename(each) === lab);
  if (other !== undefined) output.note(output.paint('yellow', `! ${say.otherLab(name, folder, lab)}`));
};

/** The cluster that the operand and `--name` mean. With neither of them: the only cluster, if it does not run. */
const existingCluster = (
  known: readonly ClusterSummary[],
  given: string | undefined,
  wanted: string | undefined,
): ClusterSummary | undefined => {
  const [only, ...others] = known;
  if (given === undefined && wanted === undefined)
    return only && others.length === 0 && only.state !== 'running' ? only : undefined;
  const found = known.find(({ name }) => name === (wanted ?? given));
  return found && [undefined, found.name, found.lab].includes(given) ? found : undefined;
};

/** A lab of this package or of a folder, else the lab of a cluster that was started from elsewhere. */
const findAnywhere = async (
  context: Context,
  known: readonly ClusterSummary[],
  wanted: string,
  variation: Variation,
): Promise<LabDefinition> => {
  try {
    return await findLab(context.paths.labs, wanted, context.environment.cacheFolder, variation);
  } catch (error) {
    const elsewhere = known.find(({ lab }) => lab === wanted && !isFolder(wanted));
    if (!(error instanceof LabError && error.code === 'LAB_UNKNOWN' && elsewhere)) throw error;
    return findLab(context.paths.labs, elsewhere.folder ?? elsewhere.lab, context.environment.cacheFolder, variation);
  }
};

/** The cluster would keep the tasks of its own lab, so another lab must not start under its name. */
const refuseTakenName = ({ say, paths }: Context, known: readonly ClusterSummary[], chosen: ChosenLab): void => {
  const { lab, name } = chosen;
  const taken = known.find((cluster) => cluster.name === name);
  if (!taken) return;
  const folders = taken.folder === undefined ? paths.labs.map((root) => join(root, taken.lab)) : [taken.folder];
  if (taken.lab === lab.name && folders.includes(lab.folder)) return;
  const [folder = ''] = folders;
  throw new LabError('LAB_NAME_TAKEN', say.nameTaken(name, folder), {
    exitCode: ExitCode.usage,
    hint: say.nameTakenHint(name, `${name}-2`, lab.folder),
  });
};

/** The lab in the current folder, the only one, or the one that the user chooses. */
const askForLab = async (context: Context): Promise<string> => {
  const { say, environment } = context;
  if (existsSync(labFile)) return '.';
  const labs = await listLabs(context.paths.labs, environment.cacheFolder);
  const [only] = labs;
  if (only && labs.length === 1) return only.name;
  return choose(
    context,
    say.whichLab,
    labs.map((lab) => ({
      value: lab.name,
      label: lab.problem === undefined ? `${lab.name}  ${localize(lab.title, environment.language)}` : lab.name,
    })),
    () =>
      new LabError('LAB_NAME_NEEDED', say.labNeeded, {
        exitCode: ExitCode.usage,
        hint: say.labNeededHint(labs.map((lab) => `\`labs start ${lab.name}\``).join(', ')),
      }),
  );
};
