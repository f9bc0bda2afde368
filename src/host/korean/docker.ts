// Docker and the images: src/host/docker, src/host/image.
import type { Sentences } from './sentences.ts';

export const dockerSentences: Sentences = {
  // The engine
  'Docker is installed but not running: nothing answers at {where}':
    'Docker가 설치되어 있지만 실행 중이 아닙니다. {where}에서 응답이 없습니다',
  'Docker does not answer at {where}: {cause}': '{where}에서 Docker가 응답하지 않습니다: {cause}',
  'The Docker Engine is not installed': 'Docker Engine이 설치되어 있지 않습니다',
  "No permission to use Docker's socket {where}": 'Docker 소켓을 쓸 권한이 없습니다: {where}',
  "Docker's disk is full: {said}": 'Docker의 디스크가 가득 찼습니다: {said}',
  'The program `ssh` is missing, which leads to {where}': '{where}에 연결하는 데 필요한 `ssh` 프로그램이 없습니다',
  'Install the package `openssh-client`.': '`openssh-client` 패키지를 설치하세요.',
  '`ssh` does not reach {where}: {said}': '`ssh`가 {where}에 연결하지 못했습니다: {said}',
  'it did not connect within {seconds} s': '{seconds}초 안에 연결되지 않았습니다',
  'it ended with exit code {code}': '종료 코드 {code}번으로 끝났습니다',
  'Make `ssh {target} docker version` work first.': '먼저 `ssh {target} docker version`이 성공해야 합니다.',
  'Docker refused the request: {said}': 'Docker가 요청을 거부했습니다: {said}',
  'The connection to a command in a container broke': '컨테이너에서 실행 중인 명령과의 연결이 끊어졌습니다',
  'Docker tells the exit code of a command': '명령의 종료 코드를 알리는 Docker의 응답',
  'the command is still running': '명령이 아직 실행 중',
  'Run `labs setup`, which starts it.': '`labs setup`을 실행하면 Docker가 시작됩니다.',
  'Run `labs setup`, which installs it.': '`labs setup`을 실행하면 Docker가 설치됩니다.',
  'Run `labs doctor` to find the cause.': '`labs doctor`로 원인을 찾으세요.',
  'Run `sudo usermod -aG docker "$USER"`, then log in again (or run `newgrp docker`).':
    '`sudo usermod -aG docker "$USER"`를 실행한 뒤 다시 로그인하세요(또는 `newgrp docker`를 실행하세요).',
  'Check DOCKER_HOST, and that the engine runs there. Unset DOCKER_HOST to use the engine of this machine.':
    'DOCKER_HOST의 값과 그곳에서 Docker가 실행 중인지 확인하세요. 이 컴퓨터의 Docker를 쓰려면 DOCKER_HOST를 지우세요.',
  'Check that the engine runs there. `docker context ls` shows the contexts, `docker context use` chooses one.':
    '그곳에서 Docker가 실행 중인지 확인하세요. 컨텍스트 목록은 `docker context ls`로 보고, `docker context use`로 고릅니다.',
  'Free 2 GB, then try again.': '2 GB를 비운 뒤 다시 시도하세요.',
  '`docker system df` shows what uses the space, `docker system prune` frees it.':
    '사용량은 `docker system df`로 보고, `docker system prune`으로 비울 수 있습니다.',
  'Run `labs status` to see which machines exist.': '`labs status`로 어떤 머신이 있는지 확인하세요.',
  'Run `labs status` to see what exists; `labs delete` removes a lab.':
    '`labs status`로 무엇이 있는지 확인하세요. `labs delete`로 실습을 삭제할 수 있습니다.',
  'Another program uses this port. `ss -ltnp` shows which one.':
    '다른 프로그램이 이 포트를 쓰고 있습니다. 어느 프로그램인지는 `ss -ltnp`로 볼 수 있습니다.',
  // Where the engine is
  'DOCKER_HOST is "{address}", which is not the address of a Docker engine':
    'DOCKER_HOST의 값이 Docker 엔진의 주소가 아닙니다: "{address}"',
  'Set it to unix:///path/docker.sock, tcp://host:port or ssh://user@host, or unset it.':
    'unix:///경로/docker.sock, tcp://호스트:포트 또는 ssh://사용자@호스트로 정하거나, 변수를 지우세요.',
  'The Docker context "{context}" has the address "{address}", which labs can\'t use':
    'labs에서 쓸 수 없는 주소입니다: "{address}" (Docker 컨텍스트 "{context}")',
  'Choose another context with `docker context use`, or set DOCKER_HOST.':
    '`docker context use`로 다른 컨텍스트를 고르거나, DOCKER_HOST를 정하세요.',
  'The Docker context "{context}" does not exist': '없는 Docker 컨텍스트입니다: "{context}"',
  'Choose one that `docker context ls` lists, or unset DOCKER_CONTEXT.':
    '`docker context ls`의 목록에 있는 것을 고르거나, DOCKER_CONTEXT를 지우세요.',
  '{file} is not valid JSON: {cause}': '올바른 JSON이 아닌 파일입니다 ({file}): {cause}',
  'Correct or remove this file.': '이 파일을 고치거나 삭제하세요.',
  // Images
  'Docker does not have the image: {said}': 'Docker에 이미지가 없습니다: {said}',
  'Docker has no image {reference}': 'Docker에 이미지가 없습니다: {reference}',
  'Docker could not pull {reference}': 'Docker가 이미지를 가져오지 못했습니다: {reference}',
  'Run `labs setup`, which builds the images that are missing.': '`labs setup`을 실행하면 없는 이미지를 만듭니다.',
  'Check the name and the connection to the registry, or load the image into Docker with `docker load`.':
    '이미지 이름과 레지스트리 연결을 확인하거나, `docker load`로 이미지를 Docker에 넣으세요.',
  'There is no image {reference} in the store': '저장소에 없는 이미지입니다: {reference}',
  'Run `labs image list` to see the images in the store.': '`labs image list`로 저장소의 이미지를 볼 수 있습니다.',
  'The pod image store could not be changed: {said}': '파드 이미지 저장소를 바꾸지 못했습니다: {said}',
  'The workshop image contains no pod images': '작업용 이미지에 파드 이미지가 없습니다',
  'Check the network: `apt-get update` must work on this machine.':
    '네트워크를 확인하세요. 이 컴퓨터에서 `apt-get update`가 성공해야 합니다.',
  'Then try again.': '그런 다음 다시 시도하세요.',
  'Correct the error above, then try again.': '위의 오류를 고친 뒤 다시 시도하세요.',
  'No registry answers, and mmdebstrap is not installed to make the image without a registry':
    '응답하는 레지스트리가 없고, 레지스트리 없이 이미지를 만드는 mmdebstrap도 설치되어 있지 않습니다',
  'Run `labs setup`, which installs mmdebstrap, or load debian:trixie-slim into Docker with `docker load`.':
    '`labs setup`을 실행하면 mmdebstrap이 설치됩니다. 또는 `docker load`로 debian:trixie-slim을 Docker에 넣으세요.',
  'The disk is full: {said}': '디스크가 가득 찼습니다: {said}',
  "Debian's packages could not be installed into the image:": '이미지에 Debian 패키지를 설치하지 못했습니다:',
  'Then run `labs setup` again.': '그런 다음 `labs setup`을 다시 실행하세요.',
  'Make sure that `mmdebstrap` can run as root or with user namespaces.':
    '`mmdebstrap`을 root로 또는 사용자 네임스페이스로 실행할 수 있는지 확인하세요.',
  '{file} is missing': '파일이 없습니다: {file}',
  'The folder with the sources of the images is missing: {folder}': '이미지의 소스 폴더가 없습니다: {folder}',
  'Node {version} for {architecture} could not be fetched from npm':
    'npm에서 {architecture}용 Node {version} 버전을 가져오지 못했습니다',
  'Check the connection to the npm registry: `{command}` must work.':
    'npm 레지스트리와의 연결을 확인하세요. 다음 명령이 성공해야 합니다: `{command}`',
  // Below the steps, while images are made
  'Pulling {reference}': '이미지 가져오는 중: {reference}',
  'No registry answers.': '응답하는 레지스트리가 없습니다.',
  'Making the base from Debian packages instead': '대신 Debian 패키지로 기본 이미지를 만드는 중',
  'Waiting for another labs process that is making images': '이미지를 만들고 있는 다른 labs 프로세스를 기다리는 중',
  'Copying the node image for the machines': '머신이 쓸 노드 이미지 복사',
  'Copying the pod images into their store': '파드 이미지를 저장소로 복사하는 중',
  'Copying {reference} into the store': '이미지를 저장소로 복사하는 중: {reference}',
};
