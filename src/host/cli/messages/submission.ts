// Sentences of `labs grade --submission` and `labs grade-batch`.
import { both } from './words.ts';

export const submissionMessages = {
  submissionBusy: both(
    (folder: string) => `Another labs is grading ${folder} at the moment`,
    (folder) => `다른 labs가 채점 중인 제출물입니다: ${folder}`,
  ),
  submissionBusyHint: both('Wait until it has ended.', '끝날 때까지 기다리세요.'),
  submissionLabNeeded: both('The lab that the submission is for is missing', '어느 실습의 제출물인지 빠졌습니다'),
  submissionLabHint: both(
    (labs: string) => `Name a lab or its folder behind the folder of the submission. Labs: ${labs}`,
    (labs) => `제출물 폴더 뒤에 실습의 이름이나 폴더를 쓰세요. 실습: ${labs}`,
  ),
  submissionNameTaken: both(
    (name: string) => `There is a lab ${name} already, and grading a submission would delete it`,
    (name) => `이미 있는 실습입니다: ${name}. 제출물을 채점하면 이 실습이 삭제됩니다`,
  ),
  submissionDeleted: both(
    (name: string) => `${name} was deleted while it was graded`,
    (name) => `채점하는 동안 삭제되었습니다: ${name}`,
  ),
  timeLimitWrong: both(
    (text: string) => `"${text}" is no time limit from 1s to 24h`,
    (text) => `1s부터 24h까지의 제한 시간이 아닙니다: "${text}"`,
  ),
  timeLimitHint: both('Write it as 90s, 10m or 1h30m.', '90s, 10m, 1h30m처럼 쓰세요.'),
  timeLimitNeeds: both(
    '--time-limit is for the steps of a submission, so it needs --submission DIR',
    '--time-limit은 제출물의 제한 시간이므로 --submission 폴더가 필요합니다',
  ),
  applying: both(
    (title: string) => `Applying ${title}`,
    (title) => `적용하는 중: ${title}`,
  ),
};
