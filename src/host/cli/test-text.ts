// Prints the result of `labs test`: what was found, how strong the checks are, and the last word.
import type { Tested, TestedRun } from '../instructor/test/report.ts';
import { findingsOf } from '../instructor/test/run.ts';
import type { Context } from './context.ts';
import { secondsOf, wrap } from './text.ts';

export const printTest = (context: Context, tested: Tested): void => {
  const { output, say, json } = context;
  if (json) {
    output.line(JSON.stringify(jsonOf(tested), null, 2));
    return;
  }
  for (const run of tested.runs) printRun(context, run, tested.runs.length > 1);
  const findings = tested.runs.flatMap(findingsOf);
  const seconds = secondsOf(tested.milliseconds);
  output.line();
  const { name } = tested.lab;
  const failed = say.testFailed(name, findings.length, seconds);
  if (endedEarly(tested)) output.line(output.paint(['bold', 'yellow'], say.testEndedEarly(name, findings.length)));
  else if (findings.length > 0) output.line(output.paint(['bold', 'red'], failed));
  else output.line(output.paint(['bold', 'green'], say.testPassed(name, seconds)));
  if (tested.sample) {
    const { size, seed } = tested.sample;
    for (const line of wrap(say.testSampled(size, `--sample ${size}:${seed}`), output.width))
      output.line(output.paint('dim', line));
  }
};

/** An interruption, or a failure of labs or of the machine, left something untried. */
const endedEarly = ({ runs }: Tested): boolean => runs.some((run) => 'endedBy' in run);

const printRun = (context: Context, run: TestedRun, several: boolean): void => {
  const { output, say } = context;
  const findings = findingsOf(run);
  if (several && findings.length > 0) output.line(`\n${output.paint('bold', run.seed ?? run.name)}`);
  else if (findings.length > 0) output.line();
  for (const { kind, text } of findings) {
    const [mark, style] = kind === 'broken' ? (['!', 'yellow'] as const) : (['✘', 'red'] as const);
    for (const [index, line] of wrap(text, output.width - 3).entries())
      output.line(index === 0 ? ` ${output.paint(style, mark)} ${line}` : `   ${line}`);
  }
  const { all, killed } = strengthOf(run);
  if (all > 0) output.line(`\n${several ? `${run.seed}: ` : ''}${say.testStrength(killed, all)}`);
  if (run.kept) for (const line of wrap(say.testKept(run.name), output.width)) output.line(output.paint('dim', line));
};

/** How many of the wrong solutions that were tried have lost points. What is broken counts as neither. */
export const strengthOf = ({ tried }: Pick<TestedRun, 'tried'>): { readonly all: number; readonly killed: number } => ({
  all: tried.filter(({ result }) => result !== 'broken').length,
  killed: tried.filter(({ result }) => result === 'killed').length,
});

const jsonOf = (tested: Tested) => ({
  lab: tested.lab.name,
  ...(tested.sample ? { sample: tested.sample } : {}),
  passed: !endedEarly(tested) && tested.runs.every((run) => findingsOf(run).length === 0),
  endedEarly: endedEarly(tested),
  milliseconds: tested.milliseconds,
  runs: tested.runs.map((run) => {
    const { parts, tried, name, seed, kept } = run;
    const about = { name, ...(seed === undefined ? {} : { seed }), kept };
    return { ...about, strength: strengthOf(run), parts, wrongSolutions: tried };
  }),
});
