// `labs explain [term]`: explains a word of the labs. Without a word, it lists all of them.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ExitCode, LabError } from '../../../kit/error.ts';
import {
  findEntries,
  type Glossary,
  type GlossaryEntry,
  glossaryFile,
  nearestTerm,
  readGlossary,
} from '../../lab/glossary.ts';
import type { Context, Run } from '../context.ts';
import { clustersIfAny } from '../instances.ts';
import { definitionOf } from '../machines.ts';
import { renderMarkdown } from '../markdown.ts';
import { alignColumns, wrap } from '../text.ts';

export const run: Run = async (context, words) => {
  const { output, say, json, environment } = context;
  const { language } = environment;
  const glossary = await readGlossary(await filesOf(context));
  const word = words.join(' ').trim();
  const found = word === '' ? glossary : findEntries(glossary, word);
  if (found.length === 0) throw unknownTerm(context, glossary, word);
  if (json) {
    const terms = found.map(({ term, short, text, also, see }) => ({
      term: term[language],
      short: short[language],
      text: text[language],
      also,
      see,
    }));
    output.line(JSON.stringify(terms, null, 2));
    return ExitCode.ok;
  }
  const [first] = found;
  if (first && found.length === 1) explain(context, glossary, first);
  else {
    for (const line of listOf(context, found)) output.line(line);
    output.line();
    output.line(output.paint('dim', say.explainOne));
  }
  return ExitCode.ok;
};

const explain = ({ output, say, environment }: Context, glossary: Glossary, entry: GlossaryEntry): void => {
  const { language } = environment;
  output.line(output.paint(['bold', 'cyan'], entry.term[language]));
  output.write(`\n${renderMarkdown(entry.text[language], output)}`);
  const others = entry.see.flatMap((word) => findEntries(glossary, word).slice(0, 1));
  if (others.length === 0) return;
  output.line();
  const text = say.seeAlso(others.map(({ term }) => term[language]).join(', '));
  for (const line of wrap(text, output.width)) output.line(output.paint('dim', line));
};

const listOf = ({ output, environment }: Context, entries: Glossary): readonly string[] => {
  const { language } = environment;
  const rows = entries.map(({ term, short }) => [output.paint('bold', term[language]), short[language]]);
  return alignColumns(rows.sort(([a = ''], [b = '']) => a.localeCompare(b, language)));
};

const unknownTerm = ({ say, environment }: Context, glossary: Glossary, word: string): LabError => {
  const near = nearestTerm(glossary, word, environment.language);
  return new LabError('LAB_TERM_UNKNOWN', say.unknownTerm(word), {
    exitCode: ExitCode.usage,
    hint: near === undefined ? say.unknownTermHint : say.didYouMean(`"${near}"`),
  });
};

/** The glossary of all labs, then those of the labs: first of known labs, then of running ones. */
const filesOf = async (context: Context): Promise<readonly string[]> => {
  const { labs } = context.paths;
  const own = await Promise.all(labs.map(foldersIn));
  const folders = new Set([...labs, ...own.flat(), ...(await runningFolders(context))]);
  return [...folders].map((folder) => join(folder, glossaryFile));
};

const foldersIn = async (root: string): Promise<readonly string[]> => {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(root, name));
};

/** A lab whose folder is gone has no glossary. */
const runningFolders = async (context: Context): Promise<readonly string[]> => {
  const instances = await clustersIfAny(context);
  const found = await Promise.allSettled(instances.map((instance) => definitionOf(context, instance)));
  return found.flatMap((result) => (result.status === 'fulfilled' ? [result.value.folder] : []));
};
