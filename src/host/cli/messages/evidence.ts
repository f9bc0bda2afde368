// Sentences of `labs grade --evidence` and `labs verify`.
import { both } from './words.ts';

export const evidenceMessages = {
  signNeedsEvidence: both(
    '--sign signs evidence, so it needs --evidence FILE',
    '--sign은 증거에 서명하므로 --evidence 파일이 필요합니다',
  ),
  keyUnreadable: both(
    (file: string, problem: string) => `Cannot read the key ${file}: ${problem}`,
    (file, problem) => `키를 읽을 수 없습니다 (${file}): ${problem}`,
  ),
  evidenceUnwritable: both(
    (file: string, problem: string) => `Cannot write the evidence to ${file}: ${problem}`,
    (file, problem) => `증거를 저장할 수 없습니다 (${file}): ${problem}`,
  ),
  notARegularFile: both('it is not a regular file', '일반 파일이 아님'),
  wroteEvidence: both(
    (file: string, kilobytes: number) => `Wrote the evidence to ${file} (${kilobytes} kB)`,
    (file, kilobytes) => `증거를 저장했습니다 (${kilobytes} kB): ${file}`,
  ),
  signedBy: both(
    (key: string) => `Signed by ${key}`,
    (key) => `서명한 키: ${key}`,
  ),
  // verify
  evidenceUnreadable: both(
    (file: string, problem: string) => `Cannot read the evidence ${file}: ${problem}`,
    (file, problem) => `증거를 읽을 수 없습니다 (${file}): ${problem}`,
  ),
  evidenceHint: both(
    '`labs grade --evidence FILE` writes evidence.',
    '`labs grade --evidence 파일`로 증거를 저장할 수 있습니다.',
  ),
  evidenceLabHint: both(
    (name: string) => `Name the folder of the lab "${name}": \`labs verify FILE FOLDER\`.`,
    (name) => `"${name}" 실습의 폴더를 지정하세요: \`labs verify 파일 폴더\``,
  ),
  verifyLabels: both(
    { archive: 'Archive', signature: 'Signature', definition: 'Definition', report: 'Report' },
    { archive: '파일', signature: '서명', definition: '실습 정의', report: '보고서' },
  ),
  unchanged: both(
    (files: number) => `${files} files, unchanged since they were written`,
    (files) => `파일 ${files}개, 저장한 뒤 바뀌지 않음`,
  ),
  repacked: both(
    'Another program has packed these files again. What they hold is unchanged.',
    '다른 프로그램으로 다시 압축했지만, 파일의 내용은 바뀌지 않았습니다.',
  ),
  signatureValid: both(
    (key: string) => `signed by ${key}`,
    (key) => `서명한 키: ${key}`,
  ),
  signatureUnchecked: both(
    (key: string) => `claims to be signed by ${key}; --key FILE checks it`,
    (key) => `서명 확인 안 함. 주장하는 키: ${key}. --key 파일로 확인하세요`,
  ),
  unsigned: both('none', '없음'),
  definitionSame: both(
    (lab: string) => `the lab ${lab} is the same here`,
    (lab) => `여기에 있는 실습과 같음: ${lab}`,
  ),
  definitionOfStudent: both(
    (lab: string) => `the edition for students, made from the lab ${lab} here`,
    (lab) => `여기에 있는 실습으로 만든 학생용 실습과 같음: ${lab}`,
  ),
  notInEvidence: both(
    (checks: string) =>
      `Not in the evidence, because the edition for students has no hidden checks, and so not in the score: ${checks}`,
    (checks) => `학생용 실습에 없는 숨은 검사라서 증거에 없고 점수에도 들어가지 않습니다: ${checks}`,
  ),
  reportSame: both(
    (facts: number) => `graded again from ${facts} facts: the same report`,
    (facts) => `사실 ${facts}개로 다시 채점한 결과가 같음`,
  ),
  reportImpossible: both('cannot be graded again', '다시 채점할 수 없음'),
  reportOfEvidence: both(
    (from: string) => `Graded at ${from}`,
    (from) => `채점 시각: ${from}`,
  ),
  drawnFor: both(
    (drawn: string) => `The lab of this student or seed: ${drawn}`,
    (drawn) => `이 학생이나 시드의 실습: ${drawn}`,
  ),
  versions: both(
    (labs: string, kubernetes: string, kernel: string) => `labs ${labs}, Kubernetes ${kubernetes}, Linux ${kernel}`,
    (labs, kubernetes, kernel) => `labs ${labs}, 쿠버네티스 ${kubernetes}, 리눅스 ${kernel}`,
  ),
  attempts: both(
    (tries: number, wrong: number, first: string, last: string) =>
      `Answers tried: ${tries}, wrong: ${wrong}, from ${first} to ${last}`,
    (tries, wrong, first, last) => `답 시도 ${tries}번, 오답 ${wrong}번 (${first} ~ ${last})`,
  ),
  verdictsByScript: both(
    (checks: string) => `Verdicts of the lab’s scripts were kept, and cannot be judged again: ${checks}`,
    (checks) => `실습 스크립트의 판정은 기록만 있어 다시 판정할 수 없습니다: ${checks}`,
  ),
  verdictsWithSecret: both(
    (checks: string) => `Verdicts that rest on a secret were kept, and cannot be judged again: ${checks}`,
    (checks) => `비밀 정보로 내린 판정은 기록만 있어 다시 판정할 수 없습니다: ${checks}`,
  ),
  evidenceProblem: both(
    {
      damaged: (about: string) => `it is damaged: ${about}`,
      changed: (about: string) => `${about} was changed`,
      missing: (about: string) => `${about} is missing`,
      extra: (about: string) => `${about} was added`,
      moved: (about: string) =>
        `another program has packed these files again, in another order than ${about} says. What they hold is ` +
        'unchanged, but the order must be the original one: verify the original archive',
      manifest: (about: string) => `${about} was changed`,
      unreadable: (about: string) => `${about} cannot be read`,
      signature: (_about: string) => 'it does not fit: another key, or other files',
      unsigned: (_about: string) => 'none, although --key asks for one',
      definition: (about: string) => `another lab than here; changed files: ${about}`,
      verdict: (about: string) => `a verdict was written for ${about}, although its facts must lead to the verdict`,
      report: (about: string) => `grading again gives another report; checks that differ: ${about}`,
    },
    {
      damaged: (about) => `손상됨: ${about}`,
      changed: (about) => `바뀐 파일: ${about}`,
      missing: (about) => `없는 파일: ${about}`,
      extra: (about) => `추가된 파일: ${about}`,
      moved: (about) =>
        `다른 프로그램으로 다시 압축해 파일의 순서가 기록과 다름: ${about}. 파일의 내용은 바뀌지 않았지만 순서가 원본과 같아야 하니 원본 파일을 확인하세요`,
      manifest: (about) => `바뀐 파일: ${about}`,
      unreadable: (about) => `읽을 수 없는 파일: ${about}`,
      signature: (_about) => '맞지 않음. 다른 키로 서명했거나 파일이 바뀜',
      unsigned: (_about) => '없음. --key를 쓰려면 서명이 있어야 함',
      definition: (about) => `여기에 있는 실습과 다름. 바뀐 파일: ${about}`,
      verdict: (about) => `사실로 다시 판정해야 하는 항목에 판정이 적혀 있음: ${about}`,
      report: (about) => `다시 채점하면 보고서가 다름. 다른 항목: ${about}`,
    },
  ),
  otherFields: both(
    (fields: string) => `grading again gives another report; no check differs, but these fields do: ${fields}`,
    (fields) => `다시 채점하면 보고서가 다름. 항목은 모두 같고, 다른 필드: ${fields}`,
  ),
  otherBytes: both(
    (file: string) => `grading again gives the same result, but ${file} is written in another way`,
    (file) => `다시 채점한 결과는 같지만 파일을 쓴 방식이 다름: ${file}`,
  ),
  noReport: both(
    'No report was written, because the evidence does not hold.',
    '증거가 맞지 않아 보고서를 쓰지 않았습니다.',
  ),
  verified: both('The evidence holds.', '증거가 맞습니다.'),
  notVerified: both('The evidence does not hold.', '증거가 맞지 않습니다.'),
};
