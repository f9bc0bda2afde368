// Evidence and submissions: src/host/evidence, src/host/submission, and what src/host/cli says of them.
import type { Sentences } from './sentences.ts';

export const evidenceSentences: Sentences = {
  '{file} is no private Ed25519 key in PEM: {problem}': 'PEM 형식의 Ed25519 개인 키가 아닙니다 ({file}): {problem}',
  '{file} is no public Ed25519 key in PEM: {problem}': 'PEM 형식의 Ed25519 공개 키가 아닙니다 ({file}): {problem}',
  'its type is {type}': '키의 종류: {type}',
  'Make one: `openssl genpkey -algorithm ed25519 -out grader.pem`.':
    '새로 만드세요: `openssl genpkey -algorithm ed25519 -out grader.pem`',
  'Make it of the private key: `openssl pkey -in grader.pem -pubout -out grader.pub`.':
    '개인 키에서 만드세요: `openssl pkey -in grader.pem -pubout -out grader.pub`',
  '{problem}, behind the file {file}': '{problem} (마지막으로 읽은 파일: {file})',
  'it cannot be unpacked ({problem})': '압축을 풀 수 없음 ({problem})',
  'it is no tar archive ({problem})': 'tar 파일이 아님 ({problem})',
  'it unpacks to more than {size} MiB': '압축을 풀면 {size} MiB보다 큼',
  'it has more than {count} files': '파일이 {count}개보다 많음',
  'it has a {type}, but evidence has only files': '증거에는 파일만 있어야 하는데 다른 것이 있음: {type}',
  'it has a file with a path that evidence never has': '증거에 있을 수 없는 경로의 파일이 있음',
  'The submission {folder} cannot be read: {problem}': '제출물을 읽을 수 없습니다 ({folder}): {problem}',
  'Name the folder that has the student’s files.': '학생의 파일이 있는 폴더를 지정하세요.',
  'every pod is Ready or has ended': '모든 파드가 Ready이거나 종료됨',
  'a file comes twice': '같은 파일이 두 번 있음',
};
