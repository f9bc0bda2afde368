// Sentences about the time of an exam.
import { both } from './words.ts';

export const timeMessages = {
  minutesLeft: both(
    (minutes: number) => {
      const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
      return [...(hours > 0 ? [`${hours} h`] : []), ...(rest > 0 || hours === 0 ? [`${rest} min`] : [])].join(' ');
    },
    (minutes) => {
      const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
      return [...(hours > 0 ? [`${hours}시간`] : []), ...(rest > 0 || hours === 0 ? [`${rest}분`] : [])].join(' ');
    },
  ),
  secondsLeft: both(
    (seconds: number) => `${seconds} s`,
    (seconds) => `${seconds}초`,
  ),
  timeLeft: both(
    (amount: string, until: string) => `${amount} left, until ${until}`,
    (amount, until) => `${amount} 남음, ${until}까지`,
  ),
  timeLeftCheck: both(
    (amount: string, until: string) => `${amount} left, until ${until}. Run \`labs check\` before the end.`,
    (amount, until) => `${amount} 남음, ${until}까지. 끝나기 전에 \`labs check\`를 실행하세요.`,
  ),
  timeWasOver: both(
    (at: string) => `The time was over at ${at}. What counts is the latest grading before.`,
    (at) => `제한 시간이 ${at}에 끝났습니다. 그 전의 마지막 채점으로 점수를 매깁니다.`,
  ),
  timeCounts: both(
    'This is an exam. What counts is the latest grading before the end: run `labs check` in time.',
    '시험입니다. 끝나기 전의 마지막 채점으로 점수를 매기므로, 제때 `labs check`를 실행하세요.',
  ),
  homeOver: both<readonly (readonly [command: string, purpose: string])[]>(
    [
      ['check', 'see what counts'],
      ['grade', 'show the whole report'],
      ['stop', 'stop the cluster and keep everything in it'],
    ],
    [
      ['check', '점수에 들어간 결과 보기'],
      ['grade', '전체 보고서 보기'],
      ['stop', '클러스터를 멈추고 모두 보존'],
    ],
  ),
  timeOver: both(
    (at: string) =>
      `The time was over at ${at}; ` +
      '`labs tasks`, `labs check`, `labs grade`, `labs stop` and `labs delete` still work',
    (at) =>
      `제한 시간이 ${at}에 끝났습니다. ` +
      '쓸 수 있는 명령: `labs tasks`, `labs check`, `labs grade`, `labs stop`, `labs delete`',
  ),
  timeOverHint: both(
    'What counts is the latest grading before the end. An instructor can give more time: `labs extend 15m`',
    '끝나기 전의 마지막 채점으로 점수를 매깁니다. 강사는 시간을 더 줄 수 있습니다: `labs extend 15m`',
  ),
  // extend
  extendQuestion: both(
    (name: string, amount: string) => `Give the lab ${name} ${amount} more? Every report will say so.`,
    (name, amount) => `${name} 실습의 시간을 ${amount} 늘리시겠습니까? 모든 보고서에 남습니다.`,
  ),
  extended: both(
    (amount: string) => `${amount} more were given.`,
    (amount) => `${amount} 늘렸습니다.`,
  ),
  noTimeLimit: both(
    (name: string) => `The lab ${name} has no time limit`,
    (name) => `제한 시간이 없는 실습입니다: ${name}`,
  ),
};
