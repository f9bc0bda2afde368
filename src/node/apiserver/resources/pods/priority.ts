// The admission plugins Priority and RuntimeClass: a pod may name only classes that exist.
import type { Pod, PodSpec } from '../../../../api/core-pods.ts';
import { pods } from '../../../../api/resources.ts';
import { forbidden } from '../../status.ts';

/** The classes that every cluster has. The API of a lab has no resource for further ones. */
const priorityClasses: ReadonlyMap<string, number> = new Map([
  ['system-cluster-critical', 2_000_000_000],
  ['system-node-critical', 2_000_001_000],
]);

const preemptionPolicy = 'PreemptLowerPriority';

/** Sets the priority that the pod's class has. @throws StatusError 403 */
export const admitClasses = ({ metadata, spec }: Pod): void => {
  const refuse = (problem: string): never => {
    throw forbidden(pods, metadata.name, problem);
  };
  const priority = priorityOf(spec);
  if (priority === undefined)
    throw forbidden(pods, metadata.name, `no PriorityClass with name ${spec.priorityClassName} was found`);
  const computed = (given: string, value: string | number): string =>
    `the ${given} must not be provided in pod spec; priority admission controller computed ${value} from the given ` +
    'PriorityClass name';
  if (spec.priority !== undefined && spec.priority !== priority)
    refuse(computed(`integer value of priority (${spec.priority})`, priority));
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== preemptionPolicy)
    refuse(computed(`string value of PreemptionPolicy (${spec.preemptionPolicy})`, preemptionPolicy));
  if (spec.runtimeClassName) refuse(`pod rejected: RuntimeClass "${spec.runtimeClassName}" not found`);
  spec.priority = priority;
  spec.preemptionPolicy = preemptionPolicy;
};

const priorityOf = ({ priorityClassName }: PodSpec): number | undefined =>
  priorityClassName ? priorityClasses.get(priorityClassName) : 0;
