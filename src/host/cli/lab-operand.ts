// Takes the name of a running lab from the front of a command's operands: `labs check second 4`.
import { ExitCode, LabError } from '../../kit/error.ts';
import { findAllMachines } from '../cluster/machines.ts';
import { type CommandSpec, takesLabFirst } from './command.ts';
import type { Context } from './context.ts';
import { clustersIfAny, unknownInstance } from './instances.ts';

export interface WithLab {
  readonly context: Context;
  readonly args: readonly string[];
}

/**
 * The name of a lab wins over the name of a task or a pod. A number is always a task, and the name of a machine is
 * always the machine.
 * @throws LabError `LAB_USAGE` or `LAB_INSTANCE_UNKNOWN` if there are too many operands
 */
export const takeLabOperand = async (
  context: Context,
  command: CommandSpec,
  args: readonly string[],
): Promise<WithLab> => {
  const [first, ...rest] = args;
  const isLab = takesLabFirst(command) && first !== undefined && (await isLabName(context, first));
  const taken = isLab ? { context: { ...context, name: first }, args: rest } : { context, args };
  if (taken.args.length > mostOperands(command)) {
    // The first of too many operands is probably the name of a lab, mistyped.
    if (!isLab && takesLabFirst(command) && !/^\d+$/.test(first ?? '')) await refuseLab(context, first ?? '');
    throw new LabError('LAB_USAGE', context.say.tooManyOperands(command.name), {
      exitCode: ExitCode.usage,
      hint: context.say.seeHelp(`labs ${command.name}`),
    });
  }
  return taken;
};

/** @throws LabError `LAB_INSTANCE_UNKNOWN`, unless Docker does not answer */
const refuseLab = async (context: Context, wanted: string): Promise<void> => {
  const all = await clustersIfAny(context);
  if (all.length > 0) throw unknownInstance(context, wanted, all);
};

const isLabName = async (context: Context, word: string): Promise<boolean> => {
  if (/^\d+$/.test(word)) return false;
  // Without Docker there is no lab. The command itself says that Docker does not answer.
  const clusters = await context
    .docker()
    .then((docker) => findAllMachines(docker, context.signal))
    .catch(() => undefined);
  if (!clusters?.has(word)) return false;
  return ![...clusters.values()].flat().some(({ name }) => name === word);
};

/** commander counts the operands of other commands. */
const mostOperands = (command: CommandSpec): number => {
  const { operands = '', passThrough } = command;
  if (!takesLabFirst(command) || passThrough || operands.includes('...')) return Number.POSITIVE_INFINITY;
  return operands.split(' ').length;
};
