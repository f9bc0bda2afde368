// `labs lint`: reads a lab's folder and finds its mistakes, without a cluster.
import { relative } from 'node:path';
import { toKorean } from '../../korean/translate.ts';
import { drawnProblems } from '../../lab/draws.ts';
import { type Examined, examineLab, labFile } from '../../lab/load.ts';
import { applyAllowances } from './allow.ts';
import { bySpot, type Finding, finding } from './finding.ts';
import { checkRules } from './rules/checks.ts';
import { commandRules } from './rules/commands.ts';
import { imageRules, type LoadedImages } from './rules/images.ts';
import { linkRules } from './rules/links.ts';
import { manifestRules } from './rules/manifests.ts';
import { parameterRules } from './rules/parameters.ts';
import { scriptRules } from './rules/scripts.ts';
import { spoilerRules } from './rules/spoilers.ts';
import { translationRules } from './rules/translations.ts';
import { untouchedRules } from './rules/untouched.ts';
import { type LabSource, sourceOf } from './source.ts';

export interface LintResult {
  /** The name in lab.yaml, or the folder's. */
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  readonly findings: readonly Finding[];
}

const rules: readonly ((source: LabSource) => readonly Finding[])[] = [
  checkRules,
  untouchedRules,
  scriptRules,
  spoilerRules,
  translationRules,
  commandRules,
  manifestRules,
  linkRules,
  parameterRules,
];

export interface LintOptions {
  /** Default: nobody knows. */
  readonly loadedImages?: LoadedImages;
}

/** @throws LabError `LAB_DEFINITION_MISSING` */
export const lintLab = async (folder: string, { loadedImages }: LintOptions = {}): Promise<LintResult> => {
  const examined = await examineLab(folder);
  const source = sourceOf(examined);
  const drawn = drawnFindings(examined);
  const found = [
    // A problem of this draw, too, says nothing more than the value that makes it.
    ...readingFindings(examined).filter((each) => !drawn.some((other) => isSamePlace(each, other))),
    ...drawn,
    ...rules.flatMap((rule) => rule(source)),
    ...(await imageRules(source, loadedImages ?? (async () => undefined))),
  ];
  const findings = applyAllowances(withoutRepetitions(found), source.files);
  const { name } = source.raw;
  return {
    name: typeof name === 'string' ? name : (examined.root.split('/').at(-1) ?? ''),
    folder: examined.root,
    findings: [...findings].sort(bySpot),
  };
};

/** What reading the lab has found. */
const readingFindings = ({ root, diagnostics }: Examined): readonly Finding[] =>
  diagnostics.map(({ file, line, column, message, rule }) => ({
    file: relative(root, file) || labFile,
    ...{ line, column, rule, text: { en: message, ko: toKorean(message) } },
  }));

const isSamePlace = (a: Finding, b: Finding): boolean =>
  a.file === b.file && a.line === b.line && a.column === b.column;

/** What is wrong for some students only. */
const drawnFindings = ({ parsed, params, variation, files }: Examined): readonly Finding[] =>
  drawnProblems({ raw: parsed.value, params, variation, files }).flatMap(({ problem, param, values }) =>
    parsed.locate([problem]).map(({ line, column, message, rule }) => {
      const which = `${param} = ${values.slice(0, 3).join(', ')}${values.length > 3 ? ', …' : ''}`;
      return finding(
        rule,
        { file: labFile, line, column },
        `with the parameter ${which}: ${message}`,
        `매개변수 ${which}: ${toKorean(message)}`,
      );
    }),
  );

/** The reader names one check of a cycle, the rules name all of them. */
const withoutRepetitions = (findings: readonly Finding[]): readonly Finding[] =>
  findings.filter(({ rule, text }) => !(rule === 'reference' && text.en.endsWith('needs itself through other checks')));
