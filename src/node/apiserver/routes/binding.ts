// POST pods/p/binding: the scheduler gives a pod its node.

import type { Pod } from '../../../api/core.ts';
import { pods } from '../../../api/resources.ts';
import { timestamp } from '../../../api/time.ts';
import { existing } from '../admission/write.ts';
import { isRecord } from '../patch/merge.ts';
import { badRequest, conflict } from '../status.ts';
import { readDocument } from './decode.ts';
import type { Handler } from './request.ts';

export const bind: Handler = async ({ api, info, request }) => {
  const body = await readDocument(request);
  const node = isRecord(body) && isRecord(body.target) ? body.target.name : undefined;
  if (typeof node !== 'string' || node === '') throw badRequest('target.name: Required value');
  const name = info.name ?? '';
  const current = existing(api, pods, { name, namespace: info.namespace }) as Pod;
  if (current.metadata.deletionTimestamp !== undefined)
    throw conflict(pods, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  if (current.spec.nodeName)
    throw conflict(pods, name, `pod ${name} is already assigned to node "${current.spec.nodeName}"`);
  const pod = structuredClone(current);
  pod.spec.nodeName = node;
  pod.status ??= {};
  const others = (pod.status.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
  pod.status.conditions = [
    ...others,
    { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: timestamp() },
  ];
  api.store.put(pods, pod);
  return { code: 201, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } };
};
