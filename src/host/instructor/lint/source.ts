// A lab's folder as the rules see it. It may be wrong in any way, so everything is raw data with places in files.
import type { LabDefinition } from '../../../api/lab.ts';
import { machineNamesOf } from '../../lab/cluster-problems.ts';
import { isStandIn } from '../../lab/faults.ts';
import { isScript } from '../../lab/files.ts';
import { type Examined, labFile } from '../../lab/load.ts';
import type { Place } from '../../lab/parse.ts';
import type { Path } from '../../lab/problem.ts';
import { listOf, type Raw, recordOf } from '../../lab/raw.ts';
import { readScript, type Script } from '../../script/source.ts';
import type { Spot } from './finding.ts';
import { soundPartOf } from './sound-part.ts';
import { groupsOf, type Text, type TextGroup } from './texts.ts';

export interface LabSource {
  /** Absolute. */
  readonly root: string;
  /** lab.yaml as plain data, with the values of parameters. Empty if it is no YAML. */
  readonly raw: Raw;
  readonly tasks: readonly Raw[];
  /** All files, by their paths in the folder. */
  readonly files: ReadonlyMap<string, string>;
  /** The lab, or the part of it that is right. */
  readonly lab: LabDefinition | undefined;
  /** The names of machines. Empty if lab.yaml does not tell them. */
  readonly machines: readonly string[];
  /** Every text in its languages. */
  readonly groups: readonly TextGroup[];
  readonly texts: readonly Text[];
  readonly scripts: ReadonlyMap<string, Script>;
  /** Where a value of lab.yaml is, or the name of a field. */
  at(path: Path, key?: string): Spot;
}

export const sourceOf = (examined: Examined): LabSource => {
  const { root, parsed, value } = examined;
  const raw = recordOf(value);
  const files = new Map(
    [...examined.files].filter(([file]) => !isForeign(file)).map(([file, content]) => [file, content.toString()]),
  );
  const { nodes, clients, others, isComplete } = machineNamesOf(recordOf(raw.cluster));
  const groups = groupsOf(raw, parsed, files);
  const scripts = [...files].filter(([file]) => isScript(file)).map(([file, text]) => readScript(file, text));
  return {
    root,
    raw,
    tasks: listOf(raw.tasks),
    files,
    lab: examined.lab ?? soundPartOf(raw, root, new Set(files.keys())),
    machines: isComplete ? [...nodes, ...clients, ...others] : [],
    groups,
    texts: groups.flatMap(({ texts }) => texts),
    scripts: new Map(scripts.map((script) => [script.file, script])),
    at: (path, key) => inLab(parsed.placeOf(path, key)),
  };
};

const inLab = (place: Place): Spot => ({ file: labFile, ...place });

/** Packages and hidden folders are not part of what the author writes. */
const isForeign = (file: string): boolean => /(^|\/)(node_modules|\.[^/]+)\//.test(file);

/** Each check of the lab with its place. */
export interface LocatedCheck {
  readonly task: Raw;
  readonly check: Raw;
  /** `task/check` */
  readonly id: string;
  readonly path: Path;
  /** The index of the task. */
  readonly number: number;
}

export const checksOf = ({ tasks }: Pick<LabSource, 'tasks'>): readonly LocatedCheck[] =>
  tasks.flatMap((task, number) =>
    listOf(task.checks).flatMap((check, index) =>
      isStandIn(check)
        ? []
        : [
            {
              ...{ task, check, number },
              id: `${String(task.id)}/${String(check.id)}`,
              path: ['tasks', number, 'checks', index],
            },
          ],
    ),
  );

/** Whether several tasks have the id of this one: what is of which task is unknown then. */
export const isRepeated = ({ id }: Raw, { tasks }: Pick<LabSource, 'tasks'>): boolean =>
  tasks.filter((task) => task.id === id).length > 1;

/** The full names of the checks that a check needs. */
export const needsOf = ({ task, check }: Pick<LocatedCheck, 'task' | 'check'>): readonly string[] =>
  namesIn(check.needs).map((need) => (need.includes('/') ? need : `${String(task.id)}/${need}`));

/** The names in a field that takes one or several. */
export const namesIn = (field: unknown): readonly string[] =>
  (Array.isArray(field) ? field : [field]).filter((name) => typeof name === 'string');
