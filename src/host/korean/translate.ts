// English of the host, the fabric and kit → Korean. The command line and the checks use it before they show a text.
import { checkSentences } from './checks.ts';
import { clusterSentences } from './cluster.ts';
import { dockerSentences } from './docker.ts';
import { doctorSentences } from './doctor.ts';
import { evidenceSentences } from './evidence.ts';
import { labYamlSentences } from './lab-yaml.ts';
import { labSentences } from './labs.ts';
import type { Sentences } from './sentences.ts';
import { setupSentences } from './setup.ts';

export const allSentences: readonly Sentences[] = [
  dockerSentences,
  setupSentences,
  clusterSentences,
  labSentences,
  labYamlSentences,
  evidenceSentences,
  checkSentences,
  doctorSentences,
];

/** Translates each line. A line that no table has is tried sentence by sentence. What is unknown stays English. */
export const toKorean = (text: string): string => text.split('\n').map(lineToKorean).join('\n');

const lineToKorean = (line: string): string => {
  // The place of a problem: `labs/x/lab.yaml:12:7: `.
  const [start = ''] = /^\s*(?:\S+:\d+:\d+: )?/.exec(line) ?? [];
  return start + phraseToKorean(line.slice(start.length));
};

const phraseToKorean = (text: string): string => {
  if (text === '') return '';
  // The field that a problem is about: `tasks[0].checks[1].url: `.
  const [field] = /^[a-z]\w*(\[\d+\]|\.[^\s:[]+)+: /.exec(text) ?? [];
  if (field !== undefined) return field + phraseToKorean(text.slice(field.length));
  for (const { pieces, english, korean } of candidatesOnce()) {
    // Most sentences are ruled out here, which is much faster than a regular expression.
    if (!pieces.every((piece) => text.includes(piece))) continue;
    const gaps = patternOf(english).exec(text)?.groups;
    if (gaps) return korean.replace(/\{(\w+)\}/g, (_, gap: string) => gapToKorean(gap, gaps[gap] ?? ''));
  }
  const [, name] = /^([a-z]\w*: )./.exec(text) ?? [];
  if (name !== undefined) return name + phraseToKorean(text.slice(name.length));
  const [, said, others = ''] = /^(.*); did you mean (".*")\?$/.exec(text) ?? [];
  if (said !== undefined) return `${phraseToKorean(said)}. 혹시 ${others.replaceAll('" or "', '" 또는 "')}입니까?`;
  const [separator] = separators.filter((one) => text.split(one).length > 1);
  if (separator === undefined) return text;
  const joint = separator === betweenSentences ? ' ' : separator;
  return text.split(separator).map(phraseToKorean).join(String(joint));
};

/** `{values}` are several, with `or` between them. A `{value}` is what an author has written, or a word for it. */
const gapToKorean = (gap: string, text: string): string => {
  if (gap === 'values') return text.split(' or ').map(phraseToKorean).join(' 또는 ');
  return gap === 'value' ? (valueWords[text] ?? text) : phraseToKorean(text);
};

const valueWords: Readonly<Record<string, string>> = { nothing: '없음', 'a list': '목록', 'a map': '맵' };

const betweenSentences = /(?<=[.?]) (?=[\p{Lu}`])/u;
/** What is no sentence of a table may consist of several, as a list of states or a name with its problem. */
const separators = [betweenSentences, '; ', ': '] as const;

interface Candidate {
  readonly english: string;
  readonly korean: string;
  /** The fixed text of the English, between the gaps. */
  readonly pieces: readonly string[];
}

/** The sentence with the most fixed text comes first: `There is no lab in {folder}: …` before `{file} is missing`. */
const candidatesOf = (all: readonly Sentences[]): readonly Candidate[] =>
  all
    .flatMap((sentences) => Object.entries(sentences))
    .map(([english, korean]) => ({ english, korean, pieces: english.split(/\{\w+\}/) }))
    .sort((a, b) => b.pieces.join('').length - a.pieces.join('').length);

/**
 * The pattern of the texts that an English sentence stands for. `{name}` is one word. `{said}`, a `{command}` in
 * backticks and a gap at the end take any text; other gaps stay inside of their sentence. The group `end` is there for
 * a sentence without gaps.
 */
const patternOf = (english: string): RegExp => {
  const parts = english.split(/(\{\w+\})/);
  const source = parts.map((part, index) => {
    const [, gap] = /^\{(\w+)\}$/.exec(part) ?? [];
    if (gap === undefined) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    if (gap === 'name') return '(?<name>\\S+)';
    if (gap === 'command' && parts[index - 1]?.endsWith('`')) return '(?<command>[^`]*)';
    const takesAll = gap === 'said' || parts.slice(index + 1).join('') === '';
    return takesAll ? `(?<${gap}>.*)` : `(?<${gap}>(?:(?!${betweenSentences.source}).)*?)`;
  });
  return new RegExp(`^${source.join('')}(?<end>)$`, 'u');
};

let candidates: readonly Candidate[] | undefined;

/** Made when the first text is translated: an English command needs none. */
const candidatesOnce = (): readonly Candidate[] => {
  candidates ??= candidatesOf(allSentences);
  return candidates;
};
