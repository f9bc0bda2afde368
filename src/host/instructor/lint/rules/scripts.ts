// Scripts and other files of the folder: missing functions, missing imports, names that the lab lacks, leftovers.
import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { nearestAll, nearestPaths } from '../../../../kit/suggest.ts';
import { isScript, type NamedFile, namedFiles } from '../../../lab/files.ts';
import { glossaryFile } from '../../../lab/glossary.ts';
import { labFile } from '../../../lab/load.ts';
import { recordOf } from '../../../lab/raw.ts';
import { knowsChecks } from '../../../lab/semantics.ts';
import { isSkeleton } from '../../../own-proxy/skeleton.ts';
import { handleOf } from '../../../script/handle.ts';
import type { Script } from '../../../script/source.ts';
import { type Finding, finding, type Spot } from '../finding.ts';
import { meant } from '../meant.ts';
import { checksOf, isRepeated, type LabSource } from '../source.ts';

export const scriptRules = (source: LabSource): readonly Finding[] => {
  const named = namedFiles(source.raw);
  return [
    ...[...source.scripts.values()].flatMap((script) => [...syntax(script), ...imports(script, source)]),
    ...named.flatMap((each) => missingExport(each, source)),
    ...[...source.scripts.values()].flatMap((script) => unknownNames(script, source)),
    ...missingPrograms(source),
    ...[...source.scripts.values()].flatMap((script) => unknownUses(script, source)),
    ...(source.tasks.length === 0 ? [] : leftovers(named, source)),
  ];
};

const syntax = ({ error }: Script): readonly Finding[] =>
  error
    ? [
        finding(
          'script-syntax',
          error,
          `the script cannot be read: ${error.message}`,
          `스크립트를 읽을 수 없습니다: ${error.message}`,
        ),
      ]
    : [];

const imports = ({ file, imports: found }: Script, { files }: LabSource): readonly Finding[] =>
  found.flatMap(({ target, ...spot }) => {
    if (!target.startsWith('.')) {
      if (isBuiltin(target) || files.has('package.json')) return [];
      return [
        finding(
          'script-import',
          spot,
          `the package "${target}" is missing: a lab without package.json can import only Node’s own modules and types`,
          `"${target}" 패키지가 없습니다. package.json이 없는 실습은 Node의 모듈과 타입만 가져올 수 있습니다`,
        ),
      ];
    }
    const path = posix.join(posix.dirname(file), target);
    if (files.has(path)) return [];
    const near = nearestPaths(path, [...files.keys()].filter(isScript));
    return [
      finding(
        'script-import',
        spot,
        `there is no file "${path}" in the lab’s folder${meant(near).en}`,
        `실습 폴더에 없는 파일: "${path}"${meant(near).ko}`,
      ),
    ];
  });

/** The names that a script exports, also those that it passes on. */
const exportsOf = (file: string, scripts: LabSource['scripts'], seen = new Set<string>()): readonly string[] => {
  const script = scripts.get(file);
  if (!script || seen.has(file)) return [];
  seen.add(file);
  return [...script.exports.keys(), ...script.passesOn.flatMap((next) => exportsOf(next, scripts, seen))];
};

const missingExport = ({ file, path, exports = [] }: NamedFile, source: LabSource): readonly Finding[] => {
  const script = source.scripts.get(file);
  const [wanted] = exports;
  if (!script || script.error || wanted === undefined) return [];
  const found = exportsOf(file, source.scripts);
  if (found.includes(wanted)) return [];
  const near = nearestAll(wanted, found);
  return [
    finding(
      'script-export',
      source.at(path),
      `${file} exports no function \`${wanted}\`${meant(near).en}`,
      `${file}에서 내보내지 않는 함수: \`${wanted}\`${meant(near).ko}`,
    ),
  ];
};

/** Machines and checks that a script names, and the lab lacks. */
const unknownNames = (script: Script, source: LabSource): readonly Finding[] =>
  script.calls.flatMap(({ method, words: [word], spots: [spot] }) => {
    if (word === undefined || !spot) return [];
    const { machines } = source;
    if ((method === 'node' || method === 'machine') && machines.length > 0 && !machines.includes(word)) {
      const near = meant(nearestAll(word, machines));
      return [
        finding(
          'script-name',
          spot,
          `the lab has no machine "${word}"${near.en}`,
          `실습에 없는 머신: "${word}"${near.ko}`,
        ),
      ];
    }
    if (method !== 'answer') return [];
    const solved = source.tasks.filter(({ solve }) => solve === script.file);
    const tasks = solved.every(knowsChecks) ? solved.map(({ id }) => id) : [];
    const ids = checksOf(source)
      .filter(({ task }) => tasks.includes(task.id))
      .map(({ check }) => String(check.id));
    if (tasks.length === 0 || ids.includes(word)) return [];
    const near = meant(nearestAll(word, ids));
    return [
      finding(
        'script-name',
        spot,
        `the task has no check "${word}"${near.en}`,
        `과제에 없는 검사: "${word}"${near.ko}`,
      ),
    ];
  });

const noLab = { lab: '', language: 'en', nodes: [], clients: [], machines: [], params: {} } as const;

/** The names of all that the handle of a script has. */
const handle = Object.keys(handleOf(noLab, async () => undefined, true));

/** Functions and parameters that a script names, and that do not exist. */
const unknownUses = ({ uses }: Script, source: LabSource): readonly Finding[] =>
  uses.flatMap(({ name, isParam, ...spot }) => {
    const known = isParam ? Object.keys(recordOf(source.raw.params)) : handle;
    if (known.includes(name)) return [];
    const near = meant(nearestAll(name, known));
    if (isParam)
      return [
        finding(
          'script-name',
          spot,
          `there is no parameter "${name}" in params${near.en}`,
          `params에 없는 매개변수: "${name}"${near.ko}`,
        ),
      ];
    return [
      finding(
        'script-name',
        spot,
        `the handle of a script has no "${name}"${near.en}`,
        `스크립트의 lab 객체에 없는 이름: "${name}"${near.ko}`,
      ),
    ];
  });

/** Files that a lab may have without naming them. */
const usual =
  /^(README(\.\w+)?\.md|LICENSE(\.\w+)?|CHANGELOG\.md|package(-lock)?\.json|tsconfig\.json|biome\.json|\.[^/]+)$/;

const leftovers = (named: readonly NamedFile[], source: LabSource): readonly Finding[] => {
  const { files, scripts, texts } = source;
  const used = new Set(texts.map((text) => text.spot(0, 0).file));
  for (const { file } of named) reach(file, scripts, used);
  // Programs that scripts put onto the nodes.
  for (const { file } of programsIn(source)) reach(file, scripts, used);
  // A text or a script may name any other file, such as a manifest.
  const words = [...texts.map(({ content }) => content), ...[...scripts.values()].map((each) => wordsOf(each))].join(
    '\n',
  );
  return [...files.keys()].flatMap((file) => {
    if (used.has(file) || file === labFile || file === glossaryFile || usual.test(file) || isSkeleton(file)) return [];
    const spot = { file, line: 1, column: 1 };
    if (isScript(file))
      return [finding('unused-script', spot, 'no task and no script uses this script', '쓰이지 않는 스크립트입니다')];
    if (words.includes(posix.basename(file)) || mayBeText(file, source)) return [];
    return [finding('unused-file', spot, 'nothing uses this file', '쓰이지 않는 파일입니다')];
  });
};

/** What the scripts give to `lab.installProxy`. */
const programsIn = ({ scripts }: LabSource): readonly NamedProgram[] =>
  [...scripts.values()].flatMap(({ calls }) =>
    calls.flatMap(({ method, words: [word], spots: [spot] }) =>
      method === 'installProxy' && word !== undefined && spot ? [{ file: posix.normalize(word), spot }] : [],
    ),
  );

interface NamedProgram {
  readonly file: string;
  readonly spot: Spot;
}

const missingPrograms = (source: LabSource): readonly Finding[] =>
  programsIn(source).flatMap(({ file, spot }) =>
    source.files.has(file)
      ? []
      : [finding('script-name', spot, `the lab has no file "${file}"`, `실습에 없는 파일: "${file}"`)],
  );

/** The text of a task whose id is missing or wrong. */
const mayBeText = (file: string, source: LabSource): boolean =>
  file.startsWith('tasks/') && source.tasks.some((task) => typeof task.id !== 'string' || isRepeated(task, source));

const wordsOf = ({ texts }: Script): string => texts.map(({ content }) => content).join('\n');

/** Adds a script and all that it imports. */
export const reach = (file: string, scripts: LabSource['scripts'], used: Set<string>): void => {
  if (used.has(file)) return;
  used.add(file);
  for (const { target } of scripts.get(file)?.imports ?? [])
    if (target.startsWith('.')) reach(posix.join(posix.dirname(file), target), scripts, used);
};
