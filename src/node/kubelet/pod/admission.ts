// Decides whether a pod may run on this node at all. The scheduler has checked the same before, but not for a pod whose
// creator chose the node, and nobody else checks kernel parameters. Pure.
import type { Pod } from '../../../api/core-pods.ts';
import { amountsOf, hostPortsOf, portsClash, requestsOf } from '../../../api/requests.ts';
import { isAllowedSysctl } from '../container/sysctls.ts';
import type { Failure } from './view.ts';

export interface AdmissionContext {
  /** The other pods of the node that have not ended. */
  readonly others: readonly Pod[];
  readonly allocatable: Readonly<Record<string, string>>;
  /** Names of kernel parameters, or beginnings of names with `*` at their end. */
  readonly allowedUnsafeSysctls: readonly string[];
}

/** @returns why the pod is rejected: it then fails, and never runs */
export const rejection = (pod: Pod, context: AdmissionContext): Failure | undefined => {
  const found = sysctlProblem(pod, context) ?? resourceProblem(pod, context) ?? portProblem(pod, context);
  return found && { ...found, message: `Pod was rejected: ${found.message}`, event: found.message };
};

type Problem = Pick<Failure, 'reason' | 'message'>;

const sysctlProblem = ({ spec }: Pod, { allowedUnsafeSysctls }: AdmissionContext): Problem | undefined => {
  const bad = spec.securityContext?.sysctls?.find(({ name }) => !isAllowedSysctl(name, allowedUnsafeSysctls));
  return bad && { reason: 'SysctlForbidden', message: `forbidden sysctl: "${bad.name}" not allowlisted` };
};

const resourceProblem = (pod: Pod, { others, allocatable }: AdmissionContext): Problem | undefined => {
  const capacities = amountsOf(allocatable);
  const lacking = (resource: string, requested: number, used: number): Problem | undefined => {
    const capacity = capacities.get(resource) ?? 0;
    if (requested === 0 || used + requested <= capacity) return undefined;
    const amounts = `requested: ${requested}, used: ${used}, capacity: ${capacity}`;
    return { reason: `OutOf${resource}`, message: `Node didn't have enough resource: ${resource}, ${amounts}` };
  };
  const tooMany = lacking('pods', 1, others.length);
  if (tooMany) return tooMany;
  const used = others.map(requestsOf);
  for (const [resource, requested] of requestsOf(pod)) {
    // An administrator wrote it into the node's status. Only the scheduler counts it.
    if (resource.includes('/') && !capacities.has(resource)) continue;
    const sum = used.reduce((total, amounts) => total + (amounts.get(resource) ?? 0), 0);
    const problem = lacking(resource, requested, sum);
    if (problem) return problem;
  }
  return undefined;
};

const portProblem = (pod: Pod, { others }: AdmissionContext): Problem | undefined => {
  const taken = others.flatMap(hostPortsOf);
  const isTaken = hostPortsOf(pod).some((wanted) => taken.some((one) => portsClash(wanted, one)));
  const message = "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports";
  return isTaken ? { reason: 'NodePorts', message } : undefined;
};
