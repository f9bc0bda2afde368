// Sentences of `labs diff`.
import type { Moment } from '../moments.ts';
import { both } from './words.ts';

const commandAt: Readonly<Record<Moment, string>> = {
  look: 'labs diff',
  begin: 'labs begin',
  check: 'labs check',
};

export const diffMessages = {
  diffFirst: both(
    'labs remembers the rules and routes as they are now. Change something, then run `labs diff` again.',
    '지금의 규칙과 경로를 기억했습니다. 무언가를 바꾼 뒤 `labs diff`를 다시 실행하세요.',
  ),
  diffNone: both(
    (since: string) => `Nothing has changed since ${since}.`,
    (since) => `${since} 이후 바뀐 것이 없습니다.`,
  ),
  diffSince: both(
    (since: string) => `Changes since ${since}`,
    (since) => `${since} 이후 바뀐 것`,
  ),
  diffPlace: both(
    (place: string) => `There is no machine or pod "${place}" to compare`,
    (place) => `비교할 머신이나 파드가 없습니다: "${place}"`,
  ),
  diffNoMoment: both(
    (moment: Moment) => `No \`${commandAt[moment]}\` has kept rules and routes of this lab to compare with`,
    (moment) => `이 실습에서 \`${commandAt[moment]}\` 명령이 기억해 둔 규칙과 경로가 없습니다`,
  ),
  diffNoMomentHint: both(
    (moment: Moment) =>
      ({
        look: 'Run `labs diff` now, change something, then run the command again.',
        begin: 'Only a task that breaks something begins. `labs diff --since check` compares with the last check.',
        check: 'Run `labs check` now, change something, then run the command again.',
      })[moment],
    (moment) =>
      ({
        look: '지금 `labs diff`를 실행하고, 무언가를 바꾼 뒤 다시 실행하세요.',
        begin: '무언가를 고장 내는 과제만 시작할 수 있습니다. 마지막 확인과 비교: `labs diff --since check`',
        check: '지금 `labs check`를 실행하고, 무언가를 바꾼 뒤 다시 실행하세요.',
      })[moment],
  ),
  diffAfter: both('now after ', '앞 규칙:'),
  diffBefore: both('now before', '뒤 규칙:'),
};
