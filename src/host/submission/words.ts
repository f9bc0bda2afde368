// What a report says about the files of a submission, in both languages.
import type { Language } from '../../api/lab.ts';
import { messageOf } from '../../kit/error.ts';
import { YamlRefused } from './yaml.ts';

const en = {
  refused: {
    link: 'a link is not followed; hand in the file itself',
    large: 'the file has more than 1 MiB',
    unreadable: 'the file cannot be read',
    many: 'there are more than 500 files: this one and those behind it were not read',
  },
  refusedYaml: {
    large: (_key: string) => 'it has more than 64 KiB, which no list of answers or steps needs',
    aliases: (_key: string) => 'it has more than 100 aliases (*NAME): write the values themselves',
    twice: (key: string) => `the key "${key}" comes twice: write the key once`,
  },
  noMachine: (machines: string) =>
    `no machine is named: put the script into a folder named like one, or begin it with "# on: MACHINE" (${machines})`,
  unknownMachine: (name: string, machines: string) => `there is no machine "${name}" (${machines})`,
  unknownTask: (name: string) => `the lab has no task "${name}"`,
  unknownQuestion: (name: string) => `the lab has no question "${name}"`,
  unknownChoice: (text: string, choices: string) => `"${text}" is none of the choices: ${choices}`,
  noAnswer: (name: string) => `the answer to "${name}" is no text`,
  moreProblems: (count: number) => `${count} more answers are wrong in this way or another`,
  noFile: (path: string) => `there is no file "${path}"`,
  notYaml: (problem: string) => `this is not the YAML that is expected: ${problem}`,
  brokenYaml: (line: number) =>
    `line ${line} is no valid YAML: look for a missing quote, bracket or space there or in the line above`,
  exit: (code: number) => `it ended with exit code ${code}`,
  tooLate: (seconds: number) => `the time limit of ${seconds} s was over`,
  empty: 'the folder has no manifest, script or answer',
};

const ko: typeof en = {
  refused: {
    link: '링크는 따라가지 않으니 파일 자체를 제출하세요',
    large: '파일이 1 MiB보다 큼',
    unreadable: '파일을 읽을 수 없음',
    many: '파일이 500개보다 많아 이 파일부터는 읽지 않음',
  },
  refusedYaml: {
    large: (_key) => '64 KiB보다 큼. 답이나 단계의 목록은 이렇게 클 필요가 없습니다',
    aliases: (_key) => '별칭(*이름)이 100개보다 많음. 값을 직접 쓰세요',
    twice: (key) => `같은 키가 두 번 나옴: "${key}". 한 번만 쓰세요`,
  },
  noMachine: (machines) =>
    `머신 이름이 없음. 스크립트를 머신 이름의 폴더에 넣거나 첫 줄을 "# on: 머신"으로 쓰세요 (${machines})`,
  unknownMachine: (name, machines) => `없는 머신: "${name}" (${machines})`,
  unknownTask: (name) => `실습에 없는 과제: "${name}"`,
  unknownQuestion: (name) => `실습에 없는 질문: "${name}"`,
  unknownChoice: (text, choices) => `선택지에 없는 답: "${text}" (선택지: ${choices})`,
  noAnswer: (name) => `답이 글이 아님: "${name}"`,
  moreProblems: (count) => `그 밖에 잘못된 답 ${count}개`,
  noFile: (path) => `없는 파일: "${path}"`,
  notYaml: (problem) => `필요한 형식의 YAML이 아님: ${problem}`,
  brokenYaml: (line) => `${line}번째 줄이 올바른 YAML이 아님. 그 줄이나 윗줄의 따옴표, 괄호, 빈칸을 확인하세요`,
  exit: (code) => `종료 코드 ${code}`,
  tooLate: (seconds) => `제한 시간 ${seconds}초가 지남`,
  empty: '폴더에 매니페스트, 스크립트, 답이 없음',
};

/** In one short sentence: what the parser says is long and quotes the file. */
export const yamlProblem = (error: unknown, say: SubmissionWords): string => {
  if (error instanceof YamlRefused) return say.refusedYaml[error.why](error.key.slice(0, 80));
  const { linePos } = error as { readonly linePos?: readonly { readonly line: number }[] };
  const [start] = linePos ?? [];
  return start ? say.brokenYaml(start.line) : say.notYaml(messageOf(error).split('\n')[0] ?? '');
};

export const submissionWords: Readonly<Record<Language, typeof en>> = { en, ko };
export type SubmissionWords = typeof en;
