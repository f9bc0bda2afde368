// `labs lint [lab…]`: finds the mistakes in labs, without a cluster.
import { existsSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { localize } from '../../../api/lab.ts';
import { ExitCode, LabError } from '../../../kit/error.ts';
import { didYouMean } from '../../../kit/suggest.ts';
import { imageState, readImageInputs } from '../../image/ensure.ts';
import { listImages } from '../../image/store.ts';
import type { Finding } from '../../instructor/lint/finding.ts';
import { type LintResult, lintLab } from '../../instructor/lint/lint.ts';
import { type Severity, severityOf } from '../../instructor/lint/rule-table.ts';
import { sarifOf } from '../../instructor/lint/sarif.ts';
import { isFolder, labFolders } from '../../lab/catalogue.ts';
import { labFile } from '../../lab/load.ts';
import type { Context, Run } from '../context.ts';
import type { Style } from '../output.ts';
import { wrap } from '../text.ts';

export const run: Run = async (context, names, { sarif }) => {
  const { output, json, version, environment } = context;
  const folders = await foldersOf(context, names);
  const results: LintResult[] = [];
  for (const folder of folders) results.push(await lintLab(folder, { loadedImages: () => loadedImages(context) }));
  const { language } = environment;
  if (sarif) output.line(JSON.stringify(sarifOf(results, { version, language, base: process.cwd() }), null, 2));
  else if (json) output.line(JSON.stringify(toJson(results, context), null, 2));
  else print(results, context);
  const isClean = results.every(({ findings }) => findings.every(({ rule }) => severityOf(rule) === 'note'));
  return isClean ? ExitCode.ok : ExitCode.checkFailed;
};

/** Undefined if Docker does not answer, or has no node image yet. */
const loadedImages = async (context: Context): Promise<readonly string[] | undefined> => {
  try {
    const docker = await context.docker();
    const { image, node, pods } = await imageState(docker, await readImageInputs(context.paths.root), context.signal);
    if (node === 'missing' || pods === 'missing') return undefined;
    return (await listImages({ docker, image, signal: context.signal })).map(({ reference }) => reference);
  } catch {
    context.signal.throwIfAborted();
    return undefined;
  }
};

/** The labs that are named; else the lab of the current folder; else all labs. */
const foldersOf = async ({ paths, say }: Context, names: readonly string[]): Promise<readonly string[]> => {
  const folders = await labFolders(paths.labs);
  if (names.length === 0) return existsSync(labFile) ? ['.'] : folders;
  const known = folders.map((folder) => basename(folder));
  return names.map((name) => {
    if (isFolder(name) || existsSync(join(name, labFile))) return name;
    const found = folders[known.indexOf(name)];
    if (found !== undefined) return found;
    throw new LabError('LAB_UNKNOWN', `There is no lab "${name}"${didYouMean(name, known)}`, {
      exitCode: ExitCode.usage,
      hint: say.lintFolderHint,
    });
  });
};

/** As the user can open it from here. */
const pathOf = ({ folder }: LintResult, { file }: Finding): string => {
  const path = relative(process.cwd(), join(folder, file));
  return path.startsWith('..') ? join(folder, file) : path;
};

const countsOf = (results: readonly LintResult[]): Readonly<Record<Severity, number>> => {
  const counts = { error: 0, warning: 0, note: 0 };
  for (const { rule } of results.flatMap(({ findings }) => findings)) counts[severityOf(rule)]++;
  return counts;
};

const toJson = (results: readonly LintResult[], { environment: { language } }: Context) => {
  const { error: errors, warning: warnings, note: notes } = countsOf(results);
  return {
    labs: results.map((result) => ({
      name: result.name,
      folder: result.folder,
      findings: result.findings.map((each) => ({
        file: each.file,
        line: each.line,
        column: each.column,
        severity: severityOf(each.rule),
        rule: each.rule,
        message: localize(each.text, language),
      })),
    })),
    ...{ errors, warnings, notes },
  };
};

const styles: Readonly<Record<Severity, Style>> = { error: 'red', warning: 'yellow', note: 'cyan' };

const print = (results: readonly LintResult[], context: Context): void => {
  const { output, say } = context;
  for (const result of results.filter(({ findings }) => findings.length > 0)) {
    if (results.length > 1) output.line(output.paint('bold', result.name));
    for (const each of result.findings) printFinding(result, each, context);
    output.line();
  }
  const { error, warning, note } = countsOf(results);
  const isClean = error + warning === 0;
  output.line(output.paint(isClean ? 'green' : 'bold', say.linted(results.length, { error, warning, note })));
};

/** One line for programs and editors. On a terminal, the sentence wraps below its place. */
const printFinding = (result: LintResult, each: Finding, { output, say, environment }: Context): void => {
  const severity = severityOf(each.rule);
  const place = `${pathOf(result, each)}:${each.line}:${each.column}`;
  const label = output.paint(styles[severity], say.severities[severity]);
  const sentence = localize(each.text, environment.language);
  const rule = output.paint('dim', `[${each.rule}]`);
  if (!output.terminal) {
    output.line(`${place}: ${label}: ${sentence} ${rule}`);
    return;
  }
  output.line(`${place}: ${label}`);
  for (const line of wrap(`${sentence} [${each.rule}]`, output.width - 2))
    output.line(`  ${line.replace(`[${each.rule}]`, rule)}`);
};
