// The steps that open the way in to the API server. They run beside the other steps of a bring-up and of a resume.
import { fabricMachine } from '../../api/cluster.ts';
import { LabError } from '../../kit/error.ts';
import { gatewayVolume, planGateway } from '../plan/gateway.ts';
import { containerName } from '../plan/names.ts';
import type { GatewayPlan } from '../plan/types.ts';
import type { BringUp } from './context.ts';
import { closeGateway, findGateway, openGateway, removeGateway, reopenGateway } from './gateway.ts';
import type { Step } from './steps.ts';

/** A lab without a way in still works, so a refusal of the engine is only a warning. */
export const openWayIn: Step<BringUp> = {
  name: 'gateway',
  title: 'Opening the way in',
  needs: ['create'],
  run: async (up, signal) => {
    const { name, gateway } = up.plan;
    up.undo.push(`create ${gateway.container}`, () => removeGateway(up.containers, name));
    await unlessRefused(up, signal, async () => {
      up.wayIn = await openGateway(up.containers, name, gateway, signal);
    });
  },
};

const unlessRefused = async (up: BringUp, signal: AbortSignal, work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    if (signal.aborted || !(error instanceof LabError)) throw error;
    up.warnings.push(`There is no way in from this machine, so kubectl runs in the control plane: ${error.message}`);
  }
};

/** The port stays the same, unless another program took it in the meantime. */
export const reopenWayIn: Step<BringUp> = {
  name: 'gateway',
  title: 'Opening the way in',
  needs: [],
  run: async (up, signal) => {
    const { name } = up.request.plan;
    const found = await findGateway(up.containers, name, signal);
    if (!found && !(await up.containers.volumes.exists(gatewayVolume(name), signal))) return;
    await unlessRefused(up, signal, async () => {
      const replan = (): Promise<GatewayPlan> => gatewayPlanOf(up, found?.image);
      up.wayIn = found
        ? await reopenGateway(up.containers, name, found, replan, signal)
        : await openGateway(up.containers, name, await replan(), signal);
      if (!found?.running) up.undo.push('start the gateway', () => closeGateway(up.containers, name));
      if (found && found.port !== up.wayIn)
        up.warnings.push(`Port ${found.port} is in use, so the way in to the API server moved to port ${up.wayIn}.`);
    });
  },
};

/** A gateway that is made anew gets the image of the old one, or that of the fabric. */
const gatewayPlanOf = async (up: BringUp, known?: string): Promise<GatewayPlan> => {
  const image = known ?? (await up.containers.inspect(containerName(up.request.plan.name, fabricMachine)))?.image ?? '';
  return planGateway({ cluster: up.request.plan.name, image, version: up.request.plan.version });
};
