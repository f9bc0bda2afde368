// Sentences of the commands for those who write labs.
import { both } from './words.ts';

export const authorMessages = {
  // run
  noScript: both(
    (file: string) => `There is no file ${file}`,
    (file: string) => `없는 파일: ${file}`,
  ),
  noScriptHint: both(
    'Name a TypeScript or JavaScript file, such as `labs run ./try.ts`.',
    'TypeScript나 JavaScript 파일의 경로를 쓰세요. 예: `labs run ./try.ts`',
  ),
  whichFunction: both(
    (file: string, names: string) =>
      names === '' ? `${file} exports no function` : `Which function of ${file}? It exports ${names}`,
    (file: string, names: string) =>
      names === ''
        ? `내보내는 함수가 없는 파일: ${file}`
        : `부를 함수를 골라야 합니다 (${file}). 내보내는 함수: ${names}`,
  ),
  whichFunctionHint: both(
    'Export `run`: `export const run: SetupScript = async (lab) => { … };`',
    '`run`을 내보내거나 (`export const run: SetupScript = async (lab) => { … };`) 함수 이름을 함께 쓰세요.',
  ),
  answerShown: both(
    (check: string, value: string) => `The script answers ${check}: ${value} (not kept)`,
    (check: string, value: string) => `스크립트의 답 (저장하지 않음), ${check}: ${value}`,
  ),
  scriptDone: both(
    (name: string, seconds: string) => `${name} is done (${seconds} s)`,
    (name: string, seconds: string) => `${name} 완료 (${seconds}초)`,
  ),
};
