// ControllerRevisions: the earlier and present templates of a DaemonSet, which `kubectl rollout history` and `undo`
// read.
import { isDeepStrictEqual } from 'node:util';
import type { ControllerRevision } from '../../../api/apps.ts';
import { controllerRevisions } from '../../../api/resources.ts';
import { invalidValue } from '../validation/field.ts';
import { atLeast, immutableProblem } from '../validation/values.ts';
import { ageOf, orNone } from './cells.ts';
import type { Definition } from './definition.ts';

const ownerOf = ({ metadata }: ControllerRevision): string => {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (!owner) return orNone(undefined);
  const { apiVersion = '', kind = '', name } = owner;
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/')[0]}` : '';
  return `${kind.toLowerCase()}${group}/${name}`;
};

export const controllerRevisionDefinition: Definition<ControllerRevision> = {
  resource: controllerRevisions,
  explanations: {
    'apps.v1.ControllerRevision': { '': 'A template that a DaemonSet has or had. Its data never changes.' },
  },
  columns: ['Name', 'Controller', 'Revision', 'Age'],
  cells: (revision) => [
    revision.metadata.name,
    ownerOf(revision),
    revision.revision,
    ageOf(revision.metadata.creationTimestamp),
  ],
  setDefaults: (revision) => {
    revision.revision ??= 0;
  },
  validate: ({ revision }) => atLeast(revision, 0, 'revision'),
  validateUpdate: (next, current) =>
    isDeepStrictEqual(next.data, current.data) ? [] : [invalidValue('data', next.data, immutableProblem)],
};
