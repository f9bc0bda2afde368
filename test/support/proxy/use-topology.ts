// One topology for all proxy modes of a test file, because its nine programs take seconds to start.
import { afterAll } from 'vitest';
import { Topology } from './topology.ts';
import type { Backend } from './world.ts';

let topology: Topology | undefined;

/** The virtual machine runs all files in one process and ends after them. So the next file takes the topology over. */
const isKept = process.env.TEST_VM === '1';

/** Call it once in a file. @returns a function that gives the topology to the next mode, without rules and objects */
export const useTopology = (): ((backend: Backend) => Promise<Topology>) => {
  afterAll(async () => {
    if (isKept) return;
    await topology?.[Symbol.asyncDispose]();
    topology = undefined;
  });
  return async (backend) => {
    if (topology === undefined) topology = await Topology.create(backend);
    else await topology.reset(backend);
    return topology;
  };
};
