// Reads the glossary of `labs explain`: glossary.yaml beside the labs, and glossary.yaml in a lab's own folder.
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import * as z from 'zod';
import type { Language } from '../../api/lab.ts';
import { ExitCode, LabError, messageOf } from '../../kit/error.ts';
import { nearest } from '../../kit/suggest.ts';

export const glossaryFile = 'glossary.yaml';

const bilingual = z
  .union([z.string().min(1), z.strictObject({ en: z.string().min(1), ko: z.string().min(1) })])
  .transform((text) => (typeof text === 'string' ? { en: text, ko: text } : text));

const entrySchema = z.strictObject({
  /** The word as texts write it. */
  term: bilingual,
  /** Other words that find the entry. */
  also: z.array(z.string().min(1)).default([]),
  /** One line for the list of all terms. */
  short: bilingual,
  /** Markdown. */
  text: bilingual,
  /** Terms of other entries. */
  see: z.array(z.string().min(1)).default([]),
});

export type GlossaryEntry = z.output<typeof entrySchema>;
export type Glossary = readonly GlossaryEntry[];

/**
 * Reads these files; a file that does not exist is skipped. An entry replaces an earlier entry with the same English
 * term, so that a lab can explain a word in its own way.
 * @throws LabError `LAB_GLOSSARY_INVALID`
 */
export const readGlossary = async (files: readonly string[]): Promise<Glossary> => {
  const parts = await Promise.all(files.map(readEntries));
  return [...new Map(parts.flat().map((entry) => [keyOf(entry.term.en), entry])).values()];
};

const readEntries = async (file: string): Promise<Glossary> => {
  const source = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw invalid(file, error);
  });
  if (source === undefined) return [];
  try {
    return z.array(entrySchema).parse(parse(source));
  } catch (error) {
    throw invalid(file, error);
  }
};

const invalid = (file: string, cause: unknown): LabError =>
  new LabError('LAB_GLOSSARY_INVALID', `The glossary ${file} is not valid: ${describe(cause)}`, {
    cause,
    exitCode: ExitCode.usage,
    hint: 'Correct the file. docs/authoring/texts.md describes its fields.',
  });

const describe = (cause: unknown): string =>
  cause instanceof z.ZodError
    ? cause.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
    : messageOf(cause);

/** The entries that a word means: those with this term, else those that hold the word in one of their terms. */
export const findEntries = (glossary: Glossary, word: string): Glossary => {
  const wanted = keyOf(word);
  if (wanted === '') return [];
  const exact = glossary.filter((entry) => namesOf(entry).some((name) => keyOf(name) === wanted));
  if (exact.length > 0) return exact;
  return glossary.filter((entry) => namesOf(entry).some((name) => keyOf(name).includes(wanted)));
};

/** The term that the student may have meant. */
export const nearestTerm = (glossary: Glossary, word: string, language: Language): string | undefined => {
  const near = nearest(word, glossary.flatMap(namesOf));
  return glossary.find((entry) => near !== undefined && namesOf(entry).includes(near))?.term[language];
};

const namesOf = ({ term, also }: GlossaryEntry): readonly string[] => [term.en, term.ko, ...also];

/** Upper case, spaces, hyphens and the plural make no difference: `veth pairs` finds `veth-pair`. */
const keyOf = (word: string): string =>
  word
    .toLowerCase()
    .replace(/[\s_-]+/g, '')
    .replace(/(?<=[a-z]{3})s$/, '');
