// Evidence: src/host/evidence.
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
  'a file comes twice': '같은 파일이 두 번 있음',
};
