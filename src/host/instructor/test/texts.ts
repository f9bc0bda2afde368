// Whether the texts of a lab are whole in every language that the lab has.

import { relative } from 'node:path';
import { membersOf } from '../../../api/cluster.ts';
import { type LabDefinition, type Language, languages, localize, type TaskDefinition } from '../../../api/lab.ts';
import { messageOf } from '../../../kit/error.ts';
import { isQuestion } from '../../grade/checks/answer.ts';
import { fencesOf } from '../../lab/fences.ts';
import { textOf } from '../../lab/text.ts';
import type { Course, Find } from './course.ts';

export const testTexts = (course: Course): Promise<boolean> => {
  const { lab, say } = course;
  const spoken = languagesOf(lab);
  return course.part('texts', say.texts(spoken.join(', ')), async () => {
    const { find } = course;
    for (const language of spoken)
      for (const task of course.tasks) {
        const { id } = task;
        for (const texts of [task.text, task.debrief]) {
          if (texts === undefined) continue;
          const file = texts[language];
          const name = relative(lab.folder, file ?? texts.en);
          if (file === undefined) find(say.untranslated(name, language), { task: id });
          else {
            const [source, english] = await Promise.all([read(course, task, file), read(course, task, texts.en)]);
            if (source === undefined) continue;
            look(source, name, course, { task: id });
            if (english !== undefined && blocksIn(english) !== blocksIn(source))
              find(say.otherBlocks(name), { task: id });
          }
        }
        for (const [name, text] of sentencesOf(task, language)) look(text, name, course, { task: id });
      }
    return undefined;
  });
};

const read = ({ lab, say, find }: Course, { id: task }: TaskDefinition, file: string): Promise<string | undefined> =>
  textOf(lab, file).catch((error: unknown) => {
    find(say.unreadable(relative(lab.folder, file), messageOf(error)), { task });
    return undefined;
  });

/** The commands without their comments, which are translated. */
const blocksIn = (source: string): string =>
  JSON.stringify(
    fencesOf(source).map(({ place, commands }) => [place, commands.map(({ text }) => text.replace(/\s+# .*$/gm, ''))]),
  );

/** A lab has a language if any of its texts has. */
export const languagesOf = (lab: LabDefinition): readonly Language[] =>
  languages.filter((language) => {
    if (language === 'en') return true;
    const translated = (text: { readonly [L in Language]?: string } | undefined): boolean =>
      text?.[language] !== undefined;
    return (
      translated(lab.title) ||
      lab.tasks.some((task) =>
        [task.title, task.text, task.debrief, ...task.hints.map(({ text }) => text)].some(translated),
      )
    );
  });

/** What a template looks like that nothing has filled in. A shell's `${NAME}` is none. */
const template = /\$\{(param:[^}]*|(?:pod|node|service|client|endpoints)[./][^}]*)\}/;

const look = (text: string, name: string, { lab, say, find }: Course, about: { readonly task: string }): void => {
  const [left] = template.exec(text) ?? [];
  if (left !== undefined) find(say.unfilled(name, left), about);
  if (text.trim() === '') find(say.emptyText(name), about);
  const places = ['host', ...membersOf(lab.cluster)];
  for (const { place, unknown } of fencesOf(text))
    if (!places.includes(place)) unknownPlace(place, name, { say, find }, about);
    else for (const mark of unknown) find(say.unknownMark(name, mark), about);
};

/** Words that name the language of a text that nobody runs. */
const notRun = ['text', 'yaml', 'json', 'console', 'output', 'diff'];

const unknownPlace = (
  place: string,
  name: string,
  { say, find }: { readonly say: Course['say']; readonly find: Find },
  about: { readonly task: string },
): void => {
  if (!notRun.includes(place)) find(say.unknownPlace(name, place), about);
};

const sentencesOf = (task: TaskDefinition, language: Language): readonly (readonly [string, string])[] => [
  ...task.hints.map(({ text }, index) => [`${task.id}, hint ${index + 1}`, localize(text, language)] as const),
  ...task.checks.flatMap((check) => [
    [`${task.id}/${check.id}`, localize(check.title, language)] as const,
    ...(check.hint ? [[`${task.id}/${check.id}, hint`, localize(check.hint, language)] as const] : []),
    ...(isQuestion(check) ? [[`${task.id}/${check.id}`, localize(check.question, language)] as const] : []),
  ]),
];
