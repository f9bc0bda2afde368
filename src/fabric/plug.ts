// Takes a machine off the network and puts it back. All other machines see what they see in a power cut. Nothing inside
// of the machine changes: its rules, routes and processes are the student's work.
import type { FabricMethods } from '../api/fabric.ts';
import { bridgePort } from '../api/wiring.ts';
import { type Netns, runOk } from './run.ts';

/** @param home the namespace that holds the bridge; default: the agent's own */
export const createPlug =
  (home?: Netns) =>
  async (
    { address, plugged }: FabricMethods['plug']['params'],
    signal?: AbortSignal,
  ): Promise<FabricMethods['plug']['result']> => {
    const command = ['ip', 'link', 'set', bridgePort(address), plugged ? 'up' : 'down'];
    await runOk(command, { netns: home, timeoutMs: 5000, signal });
    return {};
  };
