// One topology for all proxy modes of a test file, because its nine programs take seconds to start.
import { afterAll } from 'vitest';
import { Topology } from './topology.ts';
import type { Backend } from './world.ts';

/** Call it once in a file. @returns a function that gives the topology to the next mode, without rules and objects */
export const useTopology = (): ((backend: Backend) => Promise<Topology>) => {
  let topology: Topology | undefined;
  afterAll(() => topology?.[Symbol.asyncDispose]());
  return async (backend) => {
    if (topology === undefined) topology = await Topology.create(backend);
    else await topology.reset(backend);
    return topology;
  };
};
