// Texts that give away the answer of a question, or what the setup of a task breaks.
import { components } from '../../../../api/paths.ts';
import { listOf, type Raw, recordOf } from '../../../lab/raw.ts';
import { proseOf } from '../blocks.ts';
import { type Finding, finding } from '../finding.ts';
import { machinesOf } from '../fresh-cluster.ts';
import { checksOf, isRepeated, type LabSource, type LocatedCheck } from '../source.ts';
import type { Text } from '../texts.ts';
import { evaluateUntouched } from './untouched.ts';

export const spoilerRules = (source: LabSource): readonly Finding[] => [
  ...answers(source),
  ...faults(source),
  ...causes(source),
];

interface Answer extends LocatedCheck {
  /** The right answers as texts would have them. */
  readonly words: readonly string[];
}

const answersOf = (source: LabSource): readonly Answer[] =>
  checksOf(source)
    .filter(({ check, task }) => check.type === 'answer' && !isRepeated(task, source))
    .map((each) => ({
      ...each,
      words: wordsOf(each.check).filter((word) => isTelling(word) && !isPlace(word, source)),
    }));

/** Of a choice, what the student reads. */
const wordsOf = ({ equals, choices }: Raw): readonly string[] => {
  const right = (Array.isArray(equals) ? equals : [equals]).filter((each) => each !== undefined).map(String);
  const all = listOf(choices);
  if (all.length === 0) return right.filter((each) => !each.includes('$'));
  const said = (choice: Raw): readonly string[] =>
    typeof choice.text === 'string' ? [choice.text] : Object.values(recordOf(choice.text)).map(String);
  const isRight = ({ id }: Raw): boolean => right.includes(String(id));
  const others = all.filter((each) => !isRight(each)).flatMap(said);
  return all
    .filter(isRight)
    .flatMap(said)
    .flatMap((text) => [text, ...coresOf(text).filter((core) => !others.some((other) => contains(other, core)))]);
};

/** Names and addresses of machines are in many texts, and tell nothing there. */
const isPlace = (word: string, { machines, lab }: LabSource): boolean =>
  machines.includes(word) || (lab !== undefined && machinesOf(lab.cluster).some(({ address }) => address === word));

/** A number of one or two digits, or a short word, is in many texts by chance. */
const isTelling = (answer: string): boolean => /[\p{L}\d]{3}|^\d+\.\d+\.\d+\.\d+/u.test(answer);

/** What a short sentence says: `unreachable` of `It is unreachable.` */
const coresOf = (choice: string): readonly string[] => {
  const core = choice
    .trim()
    .replace(/^((it|they|this|that|because|is|are|was|were|of|to|from|by|in|on|an?|the) )+/i, '');
  return core !== choice.trim() && core.length >= 5 && core.split(/\s+/).length <= 3 ? [core] : [];
};

const contains = (text: string, answer: string): boolean => {
  const escaped = answer
    .trim()
    .replace(/\.$/, '')
    .replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return new RegExp(`(?<![\\p{L}\\d.])${escaped}(?![\\d]|\\.\\d|[a-z])`, 'iu').test(text);
};

const answers = (source: LabSource): readonly Finding[] => {
  const shown = shownByChecks(source);
  return answersOf(source).flatMap(({ words, number, id, check }) => {
    const texts = source.texts.filter((text) => text.task === number && gives(text, String(check.id)));
    const titled = texts.flatMap((text) => {
      const word = words.find((each) => contains(text.content, each));
      return word === undefined ? [] : [spoils(text.spot(0, 0), id, word)];
    });
    const printed = shown
      .filter((each) => each.number === number && each.id !== id)
      .flatMap((each) => {
        const word = words.find((answer) => each.sentences.some((sentence) => contains(sentence, answer)));
        return word === undefined ? [] : [spoils(each.spot, id, word)];
      });
    const whole = source.texts.filter((text) => text.task === number && text.kind === 'task');
    const told = whole.flatMap((text) =>
      proseOf(text)
        .flatMap(({ row, line }) => {
          const word = words.find((each) => isWhole(each, check) && contains(line, each));
          return word === undefined ? [] : [spoils(text.spot(row, 0), id, word)];
        })
        .slice(0, 1),
    );
    return [...titled, ...printed, ...told];
  });
};

/** A text may name what there is to choose from; the words of a short choice are not yet the answer there. */
const isWhole = (answer: string, { choices }: Raw): boolean =>
  choices === undefined || answer.trim().split(/\s+/).length >= 4;

/** Titles and hints are shown at any time; the question names what it asks about. */
const gives = ({ kind, check }: Text, asked: string): boolean =>
  kind === 'title' || (kind === 'hint' && (check === undefined || check === asked));

const spoils = (spot: LocatedSpot, id: string, word: string): Finding =>
  finding('spoiler', spot, `this shows "${word}", the answer of ${id}`, `${id} 질문의 답이 여기에 보입니다: "${word}"`);

type LocatedSpot = ReturnType<Text['spot']>;

/** What failed checks show: sentences that labs makes, and those of the lab's scripts. */
const shownByChecks = (source: LabSource) => {
  const evaluations = source.lab ? evaluateUntouched(source.lab) : new Map();
  return checksOf(source)
    .filter(
      ({ check }) =>
        check.type !== 'answer' && check.reveal !== 'nothing' && (check.visibility ?? 'always') === 'always',
    )
    .flatMap((each) => {
      const made = evaluations.get(each.id);
      const sentences = made ? [made.expected] : [];
      const inScript = typeof each.check.file === 'string' ? (source.scripts.get(each.check.file)?.shown ?? []) : [];
      return [
        { ...each, sentences, spot: source.at(each.path) },
        ...inScript.map(({ content, ...spot }) => ({ ...each, sentences: [content], spot })),
      ];
    });
};

interface Broken {
  readonly code: RegExp;
  readonly text: RegExp;
  /** A setup may as well make this part of an object that is right. */
  readonly mayBeRight?: true;
}

/** What a setup breaks, by its code, and how texts name it. */
const breaks: readonly Broken[] = [
  ...components.map((name) => ({
    code: new RegExp(`systemctl[^\\n]*\\b(stop|disable|mask|kill)\\b[^\\n]*${name}`),
    text: new RegExp(name, 'i'),
  })),
  {
    code: /restoreRules|\biptables\b[^\n]*-[ADIRF]\b|\bnft\b/,
    text: /\b(iptables|nft|DNAT) rules?\b|\brules?\b|규칙/i,
  },
  { code: /selector\s*:|["']selector["']/, text: /selector|셀렉터/i, mayBeRight: true },
  { code: /targetPort/, text: /target ?port|타깃 포트/i, mayBeRight: true },
  { code: /\bip route\b|\bip -4 route\b/, text: /\broutes?\b|경로/i },
  { code: /rp_filter/, text: /rp_filter|reverse path/i },
  { code: /ip_forward/, text: /ip_forward|forwarding|포워딩/i },
  { code: /\bmtu\b/i, text: /\bmtu\b/i },
  { code: /kind: NetworkPolicy/, text: /network ?polic(y|ies)|네트워크 정책/i, mayBeRight: true },
  { code: /readinessProbe/, text: /readiness|준비성/i, mayBeRight: true },
  { code: /conntrack/, text: /conntrack/i },
];

const brokenBy = ({ setup }: Raw, { scripts }: LabSource): readonly Broken[] => {
  const code = typeof setup === 'string' ? (scripts.get(setup)?.exports.get('setup') ?? '') : '';
  return breaks.filter((each) => each.code.test(code));
};

const isSecret = ({ checks }: Raw): boolean =>
  listOf(checks).some(({ reveal }) => reveal === 'symptom' || reveal === 'nothing');

/** A check that fails tells the cause, unless it is told not to. */
const causes = (source: LabSource): readonly Finding[] =>
  source.tasks.flatMap((task, number) => {
    if (brokenBy(task, source).every(({ mayBeRight }) => mayBeRight) || isSecret(task)) return [];
    const first = checksOf(source).find((each) => each.number === number && each.check.type !== 'answer');
    if (!first) return [];
    return [
      finding(
        'reveals-cause',
        source.at(first.path),
        `a check of this task that fails tells the student what ${String(task.setup)} breaks`,
        `이 과제의 검사가 실패하면 ${String(task.setup)} 스크립트가 고장 낸 것을 학생에게 알려 줍니다`,
      ),
    ];
  });

const faults = (source: LabSource): readonly Finding[] =>
  source.tasks.flatMap((task, number) => {
    const broken = brokenBy(task, source);
    if (broken.length === 0 || !isSecret(task)) return [];
    return source.texts
      .filter((text) => text.task === number && (text.kind === 'title' || text.kind === 'task'))
      .flatMap((text) => {
        const lines = text.content.split('\n');
        const row = lines.findIndex((line) => broken.some((each) => each.text.test(line)));
        const word = broken.map((each) => each.text.exec(lines[row] ?? '')).find((match) => match !== null);
        if (!word) return [];
        return [
          finding(
            'spoiler',
            text.spot(row, word.index),
            `"${word[0]}" names what the setup of this task breaks (${String(task.setup)})`,
            `"${word[0]}": 이 과제의 setup이 고장 내는 것의 이름입니다 (${String(task.setup)})`,
          ),
        ];
      });
  });
