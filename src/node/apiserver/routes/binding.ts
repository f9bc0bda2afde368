// POST pods/p/binding: the scheduler assigns a pod to a node.
import type { Pod } from '../../../api/core-pods.ts';
import type { KubeObject } from '../../../api/meta.ts';
import { pods } from '../../../api/resources.ts';
import { timestamp } from '../../../api/time.ts';
import { existing } from '../admission/write.ts';
import { created, type Handler, keyOf } from '../exchange/exchange.ts';
import { subresources } from '../resources/subresources.ts';
import { isRecord } from '../schema/record.ts';
import { badRequest, conflict, invalid, success } from '../status.ts';
import { type FieldError, required, unsupported } from '../validation/field.ts';
import { readDocument } from './body.ts';
import { toObject } from './decode.ts';

const binding = { group: '', version: 'v1', kind: subresources.binding.kind } as const;

interface Binding extends KubeObject {
  readonly target?: { readonly kind?: string; readonly name?: string };
}

const validateTarget = (target: Binding['target']): FieldError[] => {
  const { kind = '', name = '' } = target ?? {};
  return [
    ...(kind === '' || kind === 'Node' ? [] : [unsupported('target.kind', kind, ['Node', '<empty>'])]),
    ...(name === '' ? [required('target.name')] : []),
  ];
};

const mismatch = (what: string, wanted: string, found: string | undefined): string =>
  `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${found}`;

export const bind: Handler = async (exchange) => {
  const { api, request } = exchange;
  const document = await readDocument(request);
  if (!isRecord(document)) throw badRequest("Object 'Kind' is missing in the body");
  const { metadata, target } = toObject(exchange, binding, document) as Binding;
  const problems = validateTarget(target);
  if (problems.length > 0) throw invalid(binding, metadata.name, problems);
  const current = existing(api, pods, keyOf(exchange)) as Pod;
  const { name, deletionTimestamp, uid, resourceVersion } = current.metadata;
  if (metadata.uid && metadata.uid !== uid) throw conflict(pods, name, mismatch('UID', metadata.uid, uid));
  if (metadata.resourceVersion && metadata.resourceVersion !== resourceVersion)
    throw conflict(pods, name, mismatch('ResourceVersion', metadata.resourceVersion, resourceVersion));
  if (deletionTimestamp !== undefined)
    throw conflict(pods, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  if (current.spec.nodeName)
    throw conflict(pods, name, `pod ${name} is already assigned to node "${current.spec.nodeName}"`);
  if (current.spec.schedulingGates?.length)
    throw conflict(pods, name, `pod ${name} has non-empty .spec.schedulingGates`);
  const pod = structuredClone(current);
  pod.spec.nodeName = target?.name ?? '';
  const annotations = { ...pod.metadata.annotations, ...metadata.annotations };
  if (Object.keys(annotations).length > 0) pod.metadata.annotations = annotations;
  pod.status ??= {};
  const others = (pod.status.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
  pod.status.conditions = [
    ...others,
    { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: timestamp() },
  ];
  api.store.put(pods, pod);
  return created(success({ code: 201 }));
};
