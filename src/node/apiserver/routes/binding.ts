// POST pods/p/binding: the scheduler assigns a pod to a node.
import type { Pod } from '../../../api/core-pods.ts';
import { pods } from '../../../api/resources.ts';
import { timestamp } from '../../../api/time.ts';
import { existing } from '../admission/write.ts';
import { created, type Handler, keyOf } from '../exchange/exchange.ts';
import { isRecord } from '../schema/record.ts';
import { badRequest, conflict, success } from '../status.ts';
import { readDocument } from './body.ts';

export const bind: Handler = async (exchange) => {
  const { api, request } = exchange;
  const body = await readDocument(request);
  const node = isRecord(body) && isRecord(body.target) ? body.target.name : undefined;
  if (typeof node !== 'string' || node === '') throw badRequest('target.name: Required value');
  const current = existing(api, pods, keyOf(exchange)) as Pod;
  const { name, deletionTimestamp } = current.metadata;
  if (deletionTimestamp !== undefined)
    throw conflict(pods, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  if (current.spec.nodeName)
    throw conflict(pods, name, `pod ${name} is already assigned to node "${current.spec.nodeName}"`);
  if (current.spec.schedulingGates?.length)
    throw conflict(pods, name, `pod ${name} has non-empty .spec.schedulingGates`);
  const pod = structuredClone(current);
  pod.spec.nodeName = node;
  pod.status ??= {};
  const others = (pod.status.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
  pod.status.conditions = [
    ...others,
    { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: timestamp() },
  ];
  api.store.put(pods, pod);
  return created(success({ code: 201 }));
};
