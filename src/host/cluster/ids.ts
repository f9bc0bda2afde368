// Chooses the ids that the roots of a cluster's machines have outside. No two machines of an engine share an id.
import { membersOf } from '../../api/cluster.ts';
import { LabError } from '../../kit/error.ts';
import type { Containers } from '../docker/port.ts';
import { idsPerMachine } from '../plan/boot.ts';
import { labels } from '../plan/names.ts';

/** Below are the users of the machine, and the ranges of other engines and of subuid(5). */
const lowest = 2 ** 20;
/** Programs that keep ids in 32 bits with a sign know none above. */
const highest = 2 ** 31;

/** Labels are the only record, so an id is free as soon as its container is gone. */
const takenIds = async (
  containers: Containers,
  cluster: string,
  signal?: AbortSignal,
): Promise<ReadonlySet<number>> => {
  const all = await containers.list({ [labels.ids]: '' }, signal);
  return new Set(all.filter((each) => each.labels[labels.name] !== cluster).flatMap(rangesOf));
};

/** The fabric's label has the first id of its cluster. The other machines may not exist yet. */
const rangesOf = ({ labels: found }: { readonly labels: Readonly<Record<string, string>> }): readonly number[] => {
  const first = Number(found[labels.ids]);
  const count = found[labels.role] === 'fabric' ? Number(found[labels.machines]) - 1 : 1;
  return Array.from({ length: count }, (_, index) => first + index * idsPerMachine);
};

/**
 * The first id of a cluster. It depends on the name, so that a cluster usually has the same ids when it is built again.
 * @throws LabError LAB_IDS_TAKEN
 */
export const chooseIds = async (
  containers: Containers,
  { name, spec }: { readonly name: string; readonly spec: Parameters<typeof membersOf>[0] },
  signal?: AbortSignal,
): Promise<number> => {
  const taken = await takenIds(containers, name, signal);
  const machines = membersOf(spec).length;
  const slots = (highest - lowest) / idsPerMachine - machines;
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % slots;
  for (let tried = 0; tried < slots; tried += 1) {
    const first = lowest + ((hash + tried) % slots) * idsPerMachine;
    const range = Array.from({ length: machines }, (_, index) => first + index * idsPerMachine);
    if (range.every((id) => !taken.has(id))) return first;
  }
  throw new LabError('LAB_IDS_TAKEN', 'All ranges of user ids of this engine are taken by labs', {
    hint: 'Delete labs that nobody uses: `labs list` shows them.',
  });
};

/** Another start may have chosen the same ids at the same moment. Its fabric exists now, or sees this one. */
export const areIdsTaken = async (
  containers: Containers,
  { name, first, machines }: { readonly name: string; readonly first: number; readonly machines: number },
  signal?: AbortSignal,
): Promise<boolean> => {
  const taken = await takenIds(containers, name, signal);
  return Array.from({ length: machines }, (_, index) => first + index * idsPerMachine).some((id) => taken.has(id));
};
