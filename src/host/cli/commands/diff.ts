// `labs diff [machine]`: shows how the data plane has changed since the last look.
import { ExitCode, LabError } from '../../../kit/error.ts';
import { printable } from '../../../kit/printable.ts';
import { type Changes, changesBetween } from '../../trace/changes.ts';
import type { Run } from '../context.ts';
import { withSession } from '../session.ts';
import { readSnapshot, takeSnapshot, writeSnapshot } from '../snapshots.ts';
import { shownName } from '../trace/names.ts';

export const run: Run = (context, [place]) =>
  withSession(context, async (session) => {
    const { output, say, json } = context;
    const before = await readSnapshot(context, session);
    const now = await takeSnapshot(session);
    const wanted = place?.replace(/^(node|pod|client)\//, '');
    const isWanted = (machine: string): boolean =>
      wanted === undefined || [machine, shownName(machine)].includes(wanted);
    const machines = [...Object.keys(before?.snapshot ?? {}), ...Object.keys(now.snapshot)];
    if (!machines.some(isWanted))
      throw new LabError('LAB_USAGE', say.diffPlace(place ?? ''), {
        exitCode: ExitCode.usage,
        hint: say.machines([...new Set(machines)].map(shownName).join(', ')),
      });
    const changes = before
      ? changesBetween(before.snapshot, now.snapshot).filter(({ machine }) => isWanted(machine))
      : [];
    await writeSnapshot(context, session, now);
    if (json) {
      output.line(JSON.stringify({ since: before?.at ?? null, at: now.at, changes }, null, 2));
      return ExitCode.ok;
    }
    if (!before) output.line(say.diffFirst);
    else {
      const since = new Date(before.at).toLocaleTimeString('en-GB');
      output.line(changes.length === 0 ? say.diffNone(since) : output.paint('bold', say.diffSince(since)));
    }
    for (const { machines: names, section, lines } of sameTogether(changes)) {
      output.line();
      output.line(
        `${output.paint(['bold', 'cyan'], names.map(shownName).join(', '))}  ${output.paint('dim', section)}`,
      );
      for (const { sign, text } of lines)
        output.line(output.paint(sign === '+' ? 'green' : 'red', `  ${sign} ${printable(text)}`));
    }
    return ExitCode.ok;
  });

/** kube-proxy makes the same rules on every node: they are shown once. */
const sameTogether = (changes: readonly Changes[]) =>
  [...Map.groupBy(changes, ({ section, lines }) => JSON.stringify([section, lines])).values()].flatMap((same) => {
    const [first] = same;
    return first ? [{ ...first, machines: same.map(({ machine }) => machine) }] : [];
  });
