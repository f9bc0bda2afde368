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
  needsSubmission: both(
    (flag: string) => `${flag} is for a submission, so it needs --submission DIR`,
    (flag) => `제출물에 쓰는 옵션이므로 --submission 폴더가 필요합니다: ${flag}`,
  ),
  applying: both(
    (title: string) => `Applying ${title}`,
    (title) => `적용하는 중: ${title}`,
  ),
  beginningTask: both(
    (task: string) => `Beginning task ${task}`,
    (task) => `과제를 시작하는 중: ${task}`,
  ),
  // grade-batch
  batchJobs: both(
    (text: string) => `"${text}" is no number of jobs from 1 to 64`,
    (text) => `1부터 64까지의 작업 수가 아닙니다: "${text}"`,
  ),
  batchUnreadable: both(
    (folder: string, problem: string) => `The folder ${folder} cannot be read: ${problem}`,
    (folder, problem) => `폴더를 읽을 수 없습니다 (${folder}): ${problem}`,
  ),
  batchEmpty: both(
    (folder: string) => `${folder} has no folder of a submission`,
    (folder) => `제출물 폴더가 없습니다: ${folder}`,
  ),
  batchEmptyHint: both(
    'Each submission is a folder in this folder. `labs grade --submission` grades a single one.',
    '이 폴더 안에 제출물마다 폴더가 있어야 합니다. `labs grade --submission`은 하나만 채점합니다.',
  ),
  batchBusy: both(
    (file: string) => `Another labs is writing ${file} at the moment`,
    (file) => `다른 labs가 쓰고 있는 파일입니다: ${file}`,
  ),
  batchForeign: both(
    (file: string) => `${file} is no table of results, and would be replaced`,
    (file) => `채점 결과 파일이 아니라서 덮어쓰지 않습니다: ${file}`,
  ),
  batchForeignHint: both('Choose another file: --out results.csv', '다른 파일을 지정하세요: --out results.csv'),
  batchUnwritable: both(
    (file: string, problem: string) => `Cannot write the results to ${file}: ${problem}`,
    (file, problem) => `결과를 저장할 수 없습니다 (${file}): ${problem}`,
  ),
  gradingEnded: both(
    (how: string, last: string) => `The grading ended without a report (${how}): ${last}`,
    (how, last) => `보고서 없이 채점이 끝났습니다 (${how}): ${last}`,
  ),
  batchUnchanged: both(
    (count: number) => `${count} are graded already and unchanged`,
    (count) => `이미 채점했고 바뀌지 않은 제출물: ${count}개`,
  ),
  batchCount: both(
    (done: number, all: number) => `${done} of ${all} graded`,
    (done, all) => `${all}개 가운데 ${done}개 채점`,
  ),
  batchLeft: both(
    (seconds: number) => (seconds < 90 ? `about ${seconds} s left` : `about ${Math.ceil(seconds / 60)} min left`),
    (seconds) => (seconds < 90 ? `약 ${seconds}초 남음` : `약 ${Math.ceil(seconds / 60)}분 남음`),
  ),
  batchBroken: both(
    (problem: string) => `broken: ${problem}`,
    (problem) => `오류: ${problem}`,
  ),
  batchStudent: both(
    (folder: string, student: string) => `${folder} is graded as --student ${student}`,
    (folder, student) => `채점에 쓰는 학생 이름: ${folder} → --student ${student}`,
  ),
  batchDone: both(
    (graded: number, unchanged: number, broken: number) =>
      `Graded: ${graded}. Unchanged: ${unchanged}. Broken: ${broken}.`,
    (graded, unchanged, broken) => `채점 ${graded}개, 그대로 ${unchanged}개, 오류 ${broken}개`,
  ),
  batchFiles: both(
    (file: string, folder: string) => `Results: ${file}. Reports: ${folder}/`,
    (file, folder) => `결과: ${file}. 보고서: ${folder}/`,
  ),
};
