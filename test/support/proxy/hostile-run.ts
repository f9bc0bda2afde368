// Plays a story of hostile objects to a proxier, and checks the good service after each sync.
import type { Service } from '../../../src/api/core.ts';
import type { EndpointSlice } from '../../../src/api/discovery.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import type { IpFamily } from '../../../src/node/proxy/types.ts';
import { nodeView } from '../../../src/node/proxy/view/node-view.ts';
import { fromOldSlice } from '../../../src/node/proxy/view/slice-v1beta1.ts';
import { type HostileStory, neighbourOf } from './hostile.ts';
import type { Rig } from './replay.ts';

export interface HostileSubject {
  readonly rig: Rig;
  /** Expects that the kernel has the rules of the good service, and that all inputs were well-formed. */
  expectUnharmed(family: IpFamily): Promise<void>;
  /** Everything of kube-proxy in the kernel, in a comparable form. */
  state(): Promise<unknown>;
}

/** As an informer tells it: an object with another name is another object. */
const changesOf = <T extends KubeObject>(before: T | undefined, after: T | undefined) => {
  const nameOf = ({ metadata }: KubeObject): string => JSON.stringify([metadata.namespace, metadata.name]);
  if (!before || !after || nameOf(before) === nameOf(after)) return [[before, after] as const];
  return [[before, undefined] as const, [undefined, after] as const];
};

/** Each sync must succeed at once: a refusal of the kernel fails the test. */
export const playHostile = async ({ family, steps }: HostileStory, subject: HostileSubject): Promise<void> => {
  const { rig } = subject;
  const { proxier } = rig;
  const neighbour = neighbourOf(family);
  proxier.onService(undefined, neighbour.service);
  proxier.onSlice(undefined, neighbour.slice);
  const sync = async (): Promise<void> => {
    await rig.sync();
    await subject.expectUnharmed(family);
  };
  await sync();
  const services = new Map<string, Service>();
  const slices = new Map<string, EndpointSlice>();
  const put = <T>(known: Map<string, T>, slot: string, object: T | undefined): T | undefined => {
    const before = known.get(slot);
    if (object) known.set(slot, object);
    else known.delete(slot);
    return before;
  };
  for (const step of steps) {
    if (step.kind === 'sync') await sync();
    else if (step.kind === 'node') {
      rig.node = nodeView('n1', step.object, '0.0.0.0');
      proxier.onNode();
    } else if (step.kind === 'service') {
      const told = changesOf(put(services, step.slot, step.object), step.object);
      for (const [before, after] of told) proxier.onService(before, after);
    } else {
      const object = step.object && fromOldSlice(step.object);
      for (const [before, after] of changesOf(put(slices, step.slot, object), object)) proxier.onSlice(before, after);
    }
  }
  await sync();
  for (const service of services.values()) proxier.onService(service, undefined);
  for (const slice of slices.values()) proxier.onSlice(slice, undefined);
  await sync();
};
