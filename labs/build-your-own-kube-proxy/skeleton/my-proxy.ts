// A service proxy in the place of kube-proxy. This file is yours.
import { run, type State } from './kube.ts';

/**
 * Makes the rules of this node as `state` wants them. It is called at the start, and again after every change of a
 * Service or an EndpointSlice, always with all of them.
 */
const sync = async ({ services, slices }: State): Promise<void> => {
  for (const { metadata, spec } of services) {
    const own = slices.filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === metadata.name);
    const endpoints = own.flatMap((slice) => slice.endpoints ?? []);
    console.log(`${metadata.namespace}/${metadata.name} ${spec.clusterIP}: ${endpoints.length} endpoints`);
  }
};

await run(sync);
