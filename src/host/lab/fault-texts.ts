// The texts of a task with faults: those of the author, with the sentences of the faults filled in, or else the faults'
// own.
import { type Language, languages } from '../../api/lab.ts';
import { failsFrom, symptomOf } from '../faults/say.ts';
import type { Chosen } from './fault-draw.ts';
import { textFile } from './files.ts';
import type { Raw } from './raw.ts';

/** @returns texts by their paths in the lab's folder */
export const textsOfTask = (
  { id, text }: Raw,
  chosen: readonly Chosen[],
  files: ReadonlyMap<string, { toString(): string }>,
): ReadonlyMap<string, string> => {
  const texts = new Map<string, string>();
  const main = typeof text === 'string' ? text : textFile(String(id));
  // Nothing is missing because of a fault that is wrong.
  if (chosen.length === 0) return files.has(main) ? texts : texts.set(main, '');
  for (const file of [main, main.replace(/\.md$/, '.debrief.md')])
    for (const language of languages) {
      const path = language === 'en' ? file : file.replace(/\.md$/, `.${language}.md`);
      const own = files.get(path)?.toString();
      if (own === undefined) {
        // The translation of a text of the author is the author's, too.
        if (!files.has(file)) texts.set(path, file === main ? symptom(chosen, language) : debrief(chosen, language));
      } else if (own.includes('${fault:')) texts.set(path, fill(own, chosen, language));
    }
  return texts;
};

/** `${fault:symptom}`, `${fault:cause}` and `${fault:cure}` in a text of the author. */
const fill = (text: string, chosen: readonly Chosen[], language: Language): string =>
  text.replaceAll(/\$\{fault:(symptom|cause|cure)\}/g, (_, what: 'symptom' | 'cause' | 'cure') =>
    (what === 'symptom' ? symptom(chosen, language) : said(chosen, what, language)).trimEnd(),
  );

/** Two faults of one service have one symptom, which tells neither. */
const symptom = (chosen: readonly Chosen[], language: Language): string => {
  const [first, ...others] = chosen;
  const service = first?.use.values.service;
  const isShared = others.length > 0 && others.every(({ use }) => use.values.service === service);
  const place = first?.use.values as unknown as Parameters<typeof symptomOf>[0];
  if (isShared) return symptomOf(place, failsFrom(place))[language];
  return chosen.map(({ fault, use }) => fault.symptom(use.values)[language]).join('\n');
};

const said = (chosen: readonly Chosen[], what: 'cause' | 'cure', language: Language): string =>
  chosen.map(({ fault, use }) => fault[what](use.values)[language]).join('\n\n');

const next: Readonly<Record<Language, string>> = {
  en: 'How to find such a fault next time:',
  ko: '다음에 이런 고장을 찾는 방법은 다음과 같습니다.',
};

const debrief = (chosen: readonly Chosen[], language: Language): string =>
  chosen
    .map(({ fault, use: { values } }) => {
      const [cause, cure] = [fault.cause(values)[language], fault.cure(values)[language]];
      return `${cause}\n\n${next[language]} ${cure}\n`;
    })
    .join('\n');
