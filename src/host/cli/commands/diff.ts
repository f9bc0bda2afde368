// `labs diff [machine]`: shows how the data plane has changed since a moment.
import { ExitCode, LabError } from '../../../kit/error.ts';
import { printable } from '../../../kit/printable.ts';
import { type ChangedLine, type Changes, changesBetween } from '../../trace/changes.ts';
import type { Context, Run } from '../context.ts';
import type { Moment } from '../moments.ts';
import { type Session, withSession } from '../session.ts';
import { type KeptSnapshot, readSnapshot, takeSnapshot, writeSnapshot } from '../snapshots.ts';
import { shownName } from '../trace/names.ts';

export const run: Run = (context, [place], options) =>
  withSession(context, async (session) => {
    const { output, say, json } = context;
    const before = await earlier(context, session, options.since as Moment | undefined);
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
    await writeSnapshot(context, session, { moment: 'look', kept: now });
    if (json) output.line(JSON.stringify({ since: before?.at ?? null, at: now.at, changes }, null, 2));
    else if (!before) output.line(say.diffFirst);
    else for (const line of draw(context, before, changes)) output.line(line);
    return ExitCode.ok;
  });

/** Without a wish, the later of the last look and the last beginning. @throws LabError `LAB_NO_SNAPSHOT` */
const earlier = async (
  context: Context,
  session: Session,
  since: Moment | undefined,
): Promise<KeptSnapshot | undefined> => {
  if (since !== undefined) {
    const kept = await readSnapshot(context, session, since);
    if (kept) return kept;
    const { say } = context;
    throw new LabError('LAB_NO_SNAPSHOT', say.diffNoMoment(since), {
      exitCode: ExitCode.usage,
      hint: say.diffNoMomentHint(since),
    });
  }
  const kept = await Promise.all((['look', 'begin'] as const).map((each) => readSnapshot(context, session, each)));
  return kept.flatMap((each) => each ?? []).sort((a, b) => b.at.localeCompare(a.at))[0];
};

const draw = (context: Context, before: KeptSnapshot, changes: readonly Changes[]): readonly string[] => {
  const { output, say } = context;
  const since = new Date(before.at).toLocaleTimeString('en-GB');
  return [
    changes.length === 0 ? say.diffNone(since) : output.paint('bold', say.diffSince(since)),
    ...sameTogether(changes).flatMap(({ machines, section, lines }) => [
      '',
      `${output.paint(['bold', 'cyan'], machines.map(shownName).join(', '))}  ${output.paint('dim', section)}`,
      ...lines.flatMap((line) => drawLine(context, line, numberWidth(lines))),
    ]),
  ];
};

/** `4→2`: the number of the rule in its chain, where it stood and where it stands. */
const numberOf = ({ place }: ChangedLine): string =>
  place === undefined ? '' : place.was === undefined ? String(place.position) : `${place.was}→${place.position}`;

/** With a space behind the number; nothing where no line has a number. */
const numberWidth = (lines: readonly ChangedLine[]): number => {
  const longest = Math.max(...lines.map((line) => numberOf(line).length));
  return longest === 0 ? 0 : longest + 1;
};

const styles = { '+': 'green', '-': 'red', '~': 'yellow' } as const;

const drawLine = ({ output, say }: Context, line: ChangedLine, width: number): readonly string[] => {
  const { sign, text, place } = line;
  const { paint } = output;
  const number = paint('dim', numberOf(line).padEnd(width));
  const near = (label: string, rule: string | null | undefined): readonly string[] =>
    rule ? [`    ${' '.repeat(width)}${paint('dim', `${label} ${printable(rule)}`)}`] : [];
  return [
    `${paint(styles[sign], `  ${sign}`)} ${number}${paint(styles[sign], printable(text))}`,
    ...(sign === '~' ? [...near(say.diffAfter, place?.after), ...near(say.diffBefore, place?.before)] : []),
  ];
};

/** kube-proxy makes the same rules on every node: they are shown once. */
const sameTogether = (changes: readonly Changes[]) =>
  [...Map.groupBy(changes, ({ section, lines }) => JSON.stringify([section, lines])).values()].flatMap((same) => {
    const [first] = same;
    return first ? [{ ...first, machines: same.map(({ machine }) => machine) }] : [];
  });
