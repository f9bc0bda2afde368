// The preparation of the user's machine: src/host/setup without the doctor.
import type { Sentences } from './sentences.ts';

export const setupSentences: Sentences = {
  // What the set-up will do
  'install the Docker Engine (Debian package docker.io)': 'Docker Engine 설치 (Debian 패키지 docker.io)',
  'start the Docker daemon': 'Docker 데몬 시작',
  'let {user} use Docker (group docker)': '사용자 {user}에게 Docker 사용 허용 (docker 그룹)',
  'make the node image and the pod images (about a minute, 1 GB; installs mmdebstrap if no registry answers)':
    '노드 이미지와 파드 이미지 만들기 (약 1분, 1 GB. 응답하는 레지스트리가 없으면 mmdebstrap 설치)',
  // Beside the steps
  'allowed already': '이미 허용됨',
  'node image': '노드 이미지',
  'pod images': '파드 이미지',
  'node image and pod images': '노드 이미지와 파드 이미지',
  // Failures
  'On macOS, Docker comes as an application': 'macOS에서는 Docker를 애플리케이션으로 설치해야 합니다',
  'Install and start Docker Desktop or Colima (`{command}`), then run `labs setup` again.':
    'Docker Desktop이나 Colima를 설치하고 시작한 뒤(`{command}`) `labs setup`을 다시 실행하세요.',
  'On Windows, labs runs in WSL 2': 'Windows에서는 WSL 2 안에서 labs를 실행합니다',
  'Open a WSL 2 terminal (`{command}`) and run labs there, then run `labs setup` again.':
    'WSL 2 터미널을 열고(`{command}`) 그곳에서 `labs setup`을 다시 실행하세요.',
  'The Docker Engine is missing, and this is neither Debian nor Ubuntu':
    'Docker Engine이 없고, 이 시스템은 Debian도 Ubuntu도 아닙니다',
  'Install and start it as {url} says for this system, then run `labs setup` again.':
    '{url}의 안내대로 설치하고 시작한 뒤 `labs setup`을 다시 실행하세요.',
  'No registry answers, and without apt-get this machine cannot make the image':
    '응답하는 레지스트리가 없고, apt-get이 없는 이 컴퓨터에서는 이미지를 만들 수 없습니다',
  'Load debian:trixie-slim into Docker (`docker load`), then run `labs setup` again.':
    'debian:trixie-slim을 Docker에 넣은 뒤(`docker load`) `labs setup`을 다시 실행하세요.',
  'This step needs root, and sudo is not installed': '이 단계에는 root 권한이 필요하지만 sudo가 설치되어 있지 않습니다',
  'As root, run: {command}': 'root로 다음을 실행하세요: {command}',
  '`{command}` failed': '`{command}` 실행에 실패했습니다',
  '`{command}` failed:': '`{command}` 실행에 실패했습니다:',
  'Correct the error above, then run `labs setup` again.': '위의 오류를 고친 뒤 `labs setup`을 다시 실행하세요.',
  'It continues where it stopped.': '멈춘 곳에서 이어집니다.',
  '{user} is now in the group docker': '사용자 {user}: 이제 docker 그룹의 구성원입니다',
  '{user} is now in the group docker, but the group takes effect at the next login':
    '사용자 {user}: docker 그룹에 추가했지만, 다음 로그인부터 적용됩니다',
  'Log out and in again (or run `newgrp docker`), then run `labs setup` again.':
    '로그아웃한 뒤 다시 로그인하고(또는 `newgrp docker`를 실행하고) `labs setup`을 다시 실행하세요.',
  'Docker was started but does not answer': 'Docker를 시작했지만 응답이 없습니다',
  'Docker was started but does not answer:': 'Docker를 시작했지만 응답이 없습니다:',
  'Read its log with `journalctl -u docker`.': '`journalctl -u docker`로 로그를 보세요.',
  'Read its log, {file}.': '로그를 보세요: {file}',
  'Docker answers': 'Docker의 응답',
};
