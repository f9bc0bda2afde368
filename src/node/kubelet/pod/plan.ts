// Computes the next steps for one pod from its spec and its containers. Pure; worker.ts carries the steps out.
import { isSidecar } from '../../../api/pods.ts';
import { initContainersToRun, mayStartMain } from './init.ts';
import { gracePeriod, minimumGraceMs, PlanBuilder } from './plan-builder.ts';
import { finalPhase, isNetworkLost } from './runs.ts';
import type { Plan } from './steps.ts';
import type { PodView } from './view.ts';

export const planPod = (view: PodView): Plan => {
  const { pod } = view;
  if (view.removed || pod.metadata.deletionTimestamp !== undefined) return planDeletion(view);
  if (finalPhase(view) !== undefined) return planFinished(view);
  if (isNetworkLost(view)) return planLostNetwork(view);
  return planRun(view);
};

/**
 * Starts what should run: the sandbox, then the ephemeral containers, then one init container after the other, then all
 * other containers.
 */
const planRun = (view: PodView): Plan => {
  const { pod, sandbox } = view;
  const builder = new PlanBuilder(view);
  if (!sandbox) {
    builder.push({ do: 'create-sandbox' });
    return builder.plan();
  }
  for (const container of pod.spec.ephemeralContainers ?? []) builder.consider(container, 'Never');
  for (const container of initContainersToRun(view)) {
    builder.consider(container, isSidecar(container) ? 'Always' : 'OnFailure');
  }
  if (mayStartMain(view)) {
    for (const container of pod.spec.containers) builder.consider(container, pod.spec.restartPolicy ?? 'Always');
  }
  builder.pruneHistory();
  return builder.plan();
};

/** Ends the containers, then removes the network, then deletes the pod from the API server. */
const planDeletion = (view: PodView): Plan => {
  const builder = new PlanBuilder(view);
  const ended = builder.endAll(deletionGrace(view), (name) => `Stopping container ${name}`);
  if (!ended) return builder.plan();
  if (view.sandbox) builder.push({ do: 'remove-sandbox', sandbox: view.sandbox });
  builder.push({ do: view.removed ? 'forget' : 'confirm-deleted' });
  return builder.plan();
};

/** A finished pod releases its address. The records and logs of its containers stay. */
const planFinished = (view: PodView): Plan => {
  const builder = new PlanBuilder(view);
  const graceMs = view.failure?.graceMs ?? gracePeriod(view.pod);
  const ended = builder.endAll(graceMs, (name) => `Stopping container ${name}`);
  if (ended && view.sandbox) builder.push({ do: 'remove-sandbox', sandbox: view.sandbox });
  return builder.plan();
};

/** After their end, the containers start again in a new sandbox. */
const planLostNetwork = (view: PodView): Plan => {
  const builder = new PlanBuilder(view);
  const ended = builder.endAll(minimumGraceMs, () => 'Pod sandbox changed, it will be killed and re-created.');
  if (ended && view.sandbox) {
    builder.push({ do: 'remove-sandbox', sandbox: view.sandbox });
    builder.push({ do: 'create-sandbox' });
  }
  return builder.plan();
};

/** The containers of a pod that was deleted by force have the minimum time to end. */
const deletionGrace = ({ pod, removed }: PodView): number => {
  if (removed && pod.metadata.deletionTimestamp === undefined) return minimumGraceMs;
  const seconds = pod.metadata.deletionGracePeriodSeconds;
  return seconds === undefined ? gracePeriod(pod) : Math.max(seconds * 1000, removed ? minimumGraceMs : 0);
};
