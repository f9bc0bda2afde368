// Texts that lack a language which other texts of the lab have, and translations that are not done.
import { type Language, type Localized, languages } from '../../../../api/lab.ts';
import { blocksOf } from '../blocks.ts';
import { type Finding, finding } from '../finding.ts';
import type { LabSource } from '../source.ts';
import type { Text, TextGroup } from '../texts.ts';

const names: Readonly<Record<Language, Localized>> = {
  en: { en: 'English', ko: '영어' },
  ko: { en: 'Korean', ko: '한국어' },
};

export const translationRules = ({ groups }: LabSource): readonly Finding[] => {
  const used = languages.filter((language) =>
    groups.some(({ texts }) => texts.some((text) => text.language === language)),
  );
  if (used.length < 2) return [];
  return groups.flatMap((group) => [
    ...used.flatMap((language) => missing(group, language)),
    ...same(group),
    ...differentCode(group),
  ]);
};

/**
 * A name of one word, such as `kubelet` or `DNS`, is the same in every language. What a student chooses or looks up may
 * be any name; a title or a sentence of one word, such as `Final`, is none.
 */
const isName = ({ kind, content }: Pick<Text, 'kind' | 'content'>): boolean => {
  const text = content.trim();
  if (/\s/.test(text)) return false;
  return kind === 'choice' || kind === 'term' || !/^\p{Lu}\p{Ll}+[.!?]?$/u.test(text) || products.has(text);
};

const products: ReadonlySet<string> = new Set([
  'Kubernetes',
  'Docker',
  'Linux',
  'Calico',
  'Cilium',
  'Flannel',
  'Envoy',
]);

const missing = (group: TextGroup, language: Language): readonly Finding[] => {
  const [first] = group.texts;
  if (group.texts.some((text) => text.language === language)) return [];
  if (group.isPlain && first && isName(first)) return [];
  const { file } = first?.spot(0, 0) ?? {};
  const isFile = group.kind === 'task' || group.kind === 'debrief';
  const wanted = language === 'en' ? file?.replace(/\.\w+\.md$/, '.md') : file?.replace(/\.md$/, `.${language}.md`);
  const how = isFile ? { en: `: write ${wanted}`, ko: ` (파일: ${wanted})` } : { en: '', ko: '' };
  return [
    finding(
      'missing-translation',
      group.spot,
      `this text has no ${names[language].en} version, as others of the lab have${how.en}`,
      `실습의 다른 글과 달리 이 글에는 없는 언어: ${names[language].ko}${how.ko}`,
    ),
  ];
};

const isTitle = ({ content, isMarkdown }: Text): boolean => !isMarkdown && !/\s/.test(content.trim());

const same = ({ texts }: TextGroup): readonly Finding[] => {
  const [en, ...others] = texts;
  return others.flatMap((text) =>
    text.content.trim() === en?.content.trim() &&
    (/\p{L}\s+\p{L}/u.test(text.content.replaceAll(/`[^`]*`/g, '')) || (isTitle(text) && !isName(text)))
      ? [
          finding(
            'same-translation',
            text.spot(0, 0),
            `the ${names[text.language].en} text is the English one: translate it`,
            `영어 그대로인 ${names[text.language].ko} 글입니다. 번역하세요`,
          ),
        ]
      : [],
  );
};

/** A command that was changed in one language only. */
const differentCode = ({ texts }: TextGroup): readonly Finding[] => {
  const [first, ...others] = texts;
  if (!first) return [];
  const blocks = blocksOf(first);
  return others.flatMap((text) => {
    const own = blocksOf(text);
    const count = Math.max(blocks.length, own.length);
    for (let index = 0; index < count; index++) {
      const [wanted, found] = [blocks[index], own[index]];
      const key = (block: typeof found): string => `${block?.machine}\n${block?.lines.join('\n')}`;
      if (wanted && found && key(wanted) === key(found)) continue;
      const row = found?.lines.findIndex((line, at) => line !== wanted?.lines[at]) ?? -1;
      const spot = found ? (row > 0 ? found.spot(row, 0) : found.start) : text.spot(0, 0);
      const other = wanted ? wanted.start : first.spot(0, 0);
      return [
        finding(
          'code-differs',
          spot,
          `the commands differ from those of the English text (${other.file}:${other.line})`,
          `영어 글의 명령과 다릅니다 (${other.file}:${other.line})`,
        ),
      ];
    }
    return [];
  });
};
