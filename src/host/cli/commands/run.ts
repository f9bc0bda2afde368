// `labs run FILE [function]`: runs a script of an author against the running lab.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { ExitCode, LabError } from '../../../kit/error.ts';
import { createCalls } from '../../grade/calls.ts';
import { createScripts, type Scripts } from '../../script/scripts.ts';
import type { Context, Run } from '../context.ts';
import { withSession } from '../session.ts';
import { secondsSince } from '../text.ts';

/** The author waits, and can press Ctrl-C. */
const timeoutMs = 3_600_000;

export const run: Run = (context, [file = '', name]) =>
  withSession(context, async ({ lab, access }) => {
    const { output, say, json, signal, environment } = context;
    const path = resolve(file);
    if (!existsSync(path))
      throw new LabError('LAB_USAGE', say.noScript(file), { exitCode: ExitCode.usage, hint: say.noScriptHint });
    // With --json, only the result goes to the output.
    const show = (line: string): void => (json ? output.note(line) : output.line(line));
    const scripts = createScripts({ log: show });
    const called = await functionOf(context, scripts, { file, path, name });
    const calls = {
      ...createCalls({ lab, access, language: environment.language, signal }),
      answer: async (check: string, value: string) => show(say.answerShown(check, value)),
    };
    const startedAt = performance.now();
    const result = await scripts.run(path, { names: [called], calls, timeoutMs, signal });
    if (json) output.line(JSON.stringify({ file: path, function: called, result: result ?? null }, null, 2));
    else if (result !== undefined) output.line(typeof result === 'string' ? result : inspect(result, { depth: 6 }));
    output.note(output.paint('dim', say.scriptDone(called, secondsSince(startedAt))));
    return ExitCode.ok;
  });

/** The function that is named, else the only one, else `run`. @throws LabError `LAB_USAGE` */
const functionOf = async (
  { say }: Context,
  scripts: Scripts,
  { file, path, name }: { readonly file: string; readonly path: string; readonly name: string | undefined },
): Promise<string> => {
  const names = await scripts.exportsOf(path);
  if (name !== undefined && !names.includes(name))
    throw new LabError('LAB_USAGE', say.noFunction(file, name), {
      exitCode: ExitCode.usage,
      hint: say.functions(names.join(', ')),
    });
  const called = name ?? only(names);
  if (called !== undefined) return called;
  throw new LabError('LAB_USAGE', say.whichFunction(file, names.join(', ')), {
    exitCode: ExitCode.usage,
    hint: say.whichFunctionHint,
  });
};

const only = (names: readonly string[]): string | undefined =>
  names.length === 1 ? names[0] : names.find((name) => name === 'run');
