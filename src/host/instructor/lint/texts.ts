// Every text of a lab that a student reads, with the places of its lines.
import type { Language } from '../../../api/lab.ts';
import { namedFiles } from '../../lab/files.ts';
import { glossaryFile } from '../../lab/glossary.ts';
import { labFile } from '../../lab/load.ts';
import { type ParsedYaml, parseYaml } from '../../lab/parse.ts';
import type { Path } from '../../lab/problem.ts';
import { listOf, type Raw, recordOf } from '../../lab/raw.ts';
import type { Spot } from './finding.ts';

export type TextKind = 'title' | 'summary' | 'hint' | 'question' | 'choice' | 'task' | 'debrief' | 'term';

export interface Text {
  readonly kind: TextKind;
  readonly language: Language;
  /** The index of the task, for a text of a task. */
  readonly task: number | undefined;
  /** The id of the check, for a text of a check. */
  readonly check: string | undefined;
  readonly content: string;
  readonly isMarkdown: boolean;
  /** The place of a character: the line of the text, from 0, and the column in the line, from 0. */
  spot(line: number, column: number): Spot;
}

/** A text in several languages, or as one plain string. */
export interface TextGroup {
  readonly kind: TextKind;
  readonly spot: Spot;
  readonly isPlain: boolean;
  readonly texts: readonly Text[];
}

export const groupsOf = (raw: Raw, parsed: ParsedYaml, files: ReadonlyMap<string, string>): readonly TextGroup[] => [
  ...labGroups(raw, parsed),
  ...fileGroups(raw, parsed, files),
  ...termGroups(files),
];

interface About {
  readonly kind: TextKind;
  readonly task?: number;
  readonly check?: string;
  readonly isMarkdown?: boolean;
  readonly file?: string;
}

const labGroups = (raw: Raw, parsed: ParsedYaml): readonly TextGroup[] => {
  const at = (value: unknown, path: Path, about: About) => localizedAt(value, path, parsed, about);
  return [
    ...at(raw.title, ['title'], { kind: 'title' }),
    ...at(raw.summary, ['summary'], { kind: 'summary' }),
    ...listOf(raw.tasks).flatMap((task, number) => {
      const path: Path = ['tasks', number];
      return [
        ...at(task.title, [...path, 'title'], { kind: 'title', task: number }),
        ...(Array.isArray(task.hints) ? task.hints : []).flatMap((hint: unknown, index) => {
          const isLong = recordOf(hint).text !== undefined;
          const place: Path = [...path, 'hints', index, ...(isLong ? ['text'] : [])];
          const about = { kind: 'hint', task: number, isMarkdown: true } as const;
          return at(isLong ? recordOf(hint).text : hint, place, about);
        }),
        ...listOf(task.checks).flatMap((check, index) => {
          const inCheck: Path = [...path, 'checks', index];
          const about = { task: number, check: String(check.id) };
          return [
            ...at(check.title, [...inCheck, 'title'], { ...about, kind: 'title' }),
            ...at(check.hint, [...inCheck, 'hint'], { ...about, kind: 'hint' }),
            ...at(check.question, [...inCheck, 'question'], { ...about, kind: 'question' }),
            ...listOf(check.choices).flatMap(({ text }, choice) =>
              at(text, [...inCheck, 'choices', choice, 'text'], { ...about, kind: 'choice' }),
            ),
          ];
        }),
      ];
    }),
  ];
};

const localizedAt = (value: unknown, path: Path, parsed: ParsedYaml, about: About): readonly TextGroup[] => {
  const { kind, task, check, isMarkdown = false, file = labFile } = about;
  const textAt = (content: unknown, language: Language, place: Path): readonly Text[] => {
    if (typeof content !== 'string') return [];
    const start = parsed.textAt(place);
    const spot = (line: number, column: number): Spot =>
      start.isBlock
        ? { file, line: start.line + line, column: start.column + column }
        : { file, line: start.line, column: start.column };
    return [{ kind, language, task, check, content, isMarkdown, spot }];
  };
  const spot: Spot = { file, ...parsed.placeOf(path) };
  if (typeof value === 'string') return [{ kind, spot, isPlain: true, texts: textAt(value, 'en', path) }];
  const { en, ko } = recordOf(value);
  const texts = [...textAt(en, 'en', [...path, 'en']), ...textAt(ko, 'ko', [...path, 'ko'])];
  return texts.length === 0 ? [] : [{ kind, spot, isPlain: false, texts }];
};

/** The Markdown of tasks and their debriefs, with the translations. */
const fileGroups = (raw: Raw, parsed: ParsedYaml, files: ReadonlyMap<string, string>): readonly TextGroup[] =>
  namedFiles(raw)
    .filter(({ exports, file }) => exports === undefined && file.endsWith('.md') && files.has(file))
    .flatMap(({ file, path }) => {
      const task = Number(path[1]);
      const debrief = file.replace(/\.md$/, '.debrief.md');
      const groups = [
        { name: file, kind: 'task' as const },
        { name: debrief, kind: 'debrief' as const },
      ];
      return groups.flatMap(({ name, kind }): readonly TextGroup[] => {
        const translation = name.replace(/\.md$/, '.ko.md');
        const texts = [
          ...markdownFile(name, 'en', { kind, task }, files),
          ...markdownFile(translation, 'ko', { kind, task }, files),
        ];
        const spot: Spot = files.has(name)
          ? { file: name, line: 1, column: 1 }
          : { file: labFile, ...parsed.placeOf(path) };
        return texts.length === 0 ? [] : [{ kind, spot, isPlain: false, texts }];
      });
    });

const markdownFile = (
  file: string,
  language: Language,
  { kind, task }: About,
  files: ReadonlyMap<string, string>,
): readonly Text[] => {
  const content = files.get(file);
  if (content === undefined) return [];
  const spot = (line: number, column: number): Spot => ({ file, line: line + 1, column: column + 1 });
  return [{ kind, language, task, check: undefined, content, isMarkdown: true, spot }];
};

/** The terms of the lab's own glossary. Its shape is checked by the glossary's reader. */
const termGroups = (files: ReadonlyMap<string, string>): readonly TextGroup[] => {
  const source = files.get(glossaryFile);
  if (source === undefined) return [];
  const parsed = parseYaml(source, glossaryFile);
  return listOf(parsed.value).flatMap(({ term, short, text }, index) => [
    ...localizedAt(term, [index, 'term'], parsed, { kind: 'term', file: glossaryFile }),
    ...localizedAt(short, [index, 'short'], parsed, { kind: 'term', file: glossaryFile }),
    ...localizedAt(text, [index, 'text'], parsed, { kind: 'term', file: glossaryFile, isMarkdown: true }),
  ]);
};
