// `labs` alone on a terminal: the lab, how far the student is, the next task, and three commands. Fits on 24 lines.
import { localize } from '../../../api/lab.ts';
import { ExitCode } from '../../../kit/error.ts';
import type { ClusterSummary } from '../../cluster/status.ts';
import { isOver } from '../../grade/time-limit.ts';
import type { Context, Run } from '../context.ts';
import { candidatesOf, chooseInstance, clustersIfAny } from '../instances.ts';
import { startCommandOf } from '../messages/general.ts';
import { type Standing, standingIn } from '../standing.ts';
import { commandLines } from '../table.ts';
import { wrap } from '../text.ts';
import { leftLines } from '../time-left.ts';

export const run: Run = async (context) => {
  const { output, say } = context;
  const all = await clustersIfAny(context, { remark: true });
  const candidates = candidatesOf(all);
  if (context.name !== undefined) await show(context, await chooseInstance(context));
  else if (candidates.length === 1 && candidates[0]) await show(context, candidates[0]);
  else if (candidates.length > 1) several(context, candidates);
  else {
    for (const line of wrap(say.description, output.width)) output.line(line);
    output.line();
    output.line(say.noLabRunning);
    commands(context, say.homeFirst);
  }
  return ExitCode.ok;
};

const show = async (context: Context, instance: ClusterSummary): Promise<void> => {
  const { output, say, environment } = context;
  const standing = await standingIn(context, instance);
  const { lab, next } = standing;
  const state = output.paint(instance.state === 'running' ? 'green' : 'yellow', say.states[instance.state]);
  const title = localize(lab.title, environment.language);
  output.line(`${output.paint('bold', instance.name)} – ${title}: ${state}`);
  output.line();
  output.line(bar(context, standing));
  for (const line of leftLines(context, standing.clock)) output.line(line);
  output.line();
  const number = next === undefined ? 0 : lab.tasks.indexOf(next) + 1;
  const nextLine =
    next === undefined ? say.allTasksPassed : say.nextTaskIs(number, localize(next.title, environment.language));
  for (const line of wrap(nextLine, output.width)) output.line(output.paint('bold', line));
  if (instance.state !== 'running')
    commands(context, [[startCommandOf(instance.name, instance.lab), say.homeResume], ...say.homeStopped]);
  else if (standing.clock && isOver(standing.clock, new Date())) commands(context, say.homeOver);
  else commands(context, next === undefined ? say.homeDone : say.homeNext(number));
};

const several = (context: Context, candidates: readonly ClusterSummary[]): void => {
  const { output, say } = context;
  const shown = candidates.slice(0, 12);
  const names = shown.map(({ name }) => name).join(', ');
  for (const line of wrap(say.severalRunning(names), output.width)) output.line(line);
  commands(
    context,
    shown.map(({ name, lab, state }) => [`--name ${name}`, `${lab}, ${say.states[state]}`]),
  );
};

const bar = ({ output, say }: Context, { lab, passed, points, maxPoints }: Standing): string => {
  const width = 30;
  const filled = Math.floor((passed.length / lab.tasks.length) * width);
  const drawn = output.paint('green', '█'.repeat(filled)) + output.paint('dim', '░'.repeat(width - filled));
  return `${drawn}  ${say.tasksPassed(passed.length, lab.tasks.length)}, ${say.pointsOf(points, maxPoints)}`;
};

/** Commands to type, each with its purpose. */
const commands = ({ output }: Context, rows: readonly (readonly [command: string, purpose: string])[]): void => {
  output.line();
  for (const line of commandLines(output, rows)) output.line(line);
};
