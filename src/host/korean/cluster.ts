// A cluster's start, its machines and the ways into it: src/host/cluster, kubectl, tunnel; src/fabric, src/kit.
import type { Sentences } from './sentences.ts';

export const clusterSentences: Sentences = {
  // Waiting
  'Waited {seconds} s until {condition}. Last seen: {seen}':
    '{seconds}초 동안 기다렸지만 다음 조건이 충족되지 않았습니다: {condition}. 마지막 상태: {seen}',
  'nothing, because the first look did not return': '첫 확인이 끝나지 않아 알 수 없음',
  'not yet': '아직 아님',
  'the machine has stopped': '머신의 중지',
  'the lab exists again': '실습이 다시 만들어짐',
  'the other start continues': '다른 `labs start`의 진행',
  'the API server is ready': 'API 서버 준비',
  'every node is Ready': '모든 노드의 Ready 상태',
  'every kube-proxy has synced its rules': '모든 kube-proxy의 규칙 동기화',
  'the cluster DNS answers': '클러스터 DNS의 응답',
  '/readyz answers {answer}': '/readyz의 응답: {answer}',
  'the API server answers {status}': 'API 서버의 응답: {status}',
  '{node} has not registered': '{node} 노드가 등록되지 않음',
  '{node} is not Ready': '{node} 노드가 Ready 상태가 아님',
  '{node} is not Ready ({reason}: {said})': '{node} 노드가 Ready 상태가 아님 ({reason}: {said})',
  'the kubelet of {node} has not renewed its lease': '{node} 노드의 kubelet이 리스를 갱신하지 않음',
  'kube-proxy on {node} answers {status}': '{node} 노드의 kube-proxy 응답: {status}',
  'kube-proxy on {node} does not answer': '{node} 노드의 kube-proxy가 응답하지 않음',
  '{file} is free': '{file} 파일의 잠금 해제',
  '{file} is gone': '{file} 파일의 삭제',
  'held by process {pid}': '{pid}번 프로세스가 사용 중',
  'another program holds it': '다른 프로그램이 사용 중',
  // Folders of the user's
  'The disk of {folder} is full': '디스크가 가득 찼습니다: {folder}',
  'Free some space there, or set {name} to a folder on another disk.':
    '그 디스크의 공간을 비우거나, {name} 변수에 다른 디스크의 폴더를 지정하세요.',
  '{folder} cannot be written: {why}': '폴더에 쓸 수 없습니다 ({folder}): {why}',
  'Make the folder writable, or set {name} to another folder.':
    '폴더에 쓸 수 있게 하거나, {name} 변수에 다른 폴더를 지정하세요.',
  'the disk is read-only': '읽기 전용 디스크임',
  'permission is missing': '권한이 없음',
  'the disk reports an error': '디스크 오류',
  'a file is in the place of a folder': '폴더가 있어야 할 곳에 파일이 있음',
  'it is not a regular file': '일반 파일이 아님',
  // Starting and resuming
  "The engine's machine does not let root of a node be a user without rights: {reason}":
    '엔진이 있는 컴퓨터에서 노드의 root를 권한 없는 사용자로 만들 수 없습니다: {reason}',
  'Run `labs doctor` to see what is missing.': '무엇이 없는지 `labs doctor`로 확인하세요.',
  '`labs start --unsafe-nodes` starts the lab without this protection.':
    '`labs start --unsafe-nodes`는 이 보호 없이 실습을 시작합니다.',
  'an older version of labs has made the container of {machine}': '{machine}의 컨테이너는 이전 버전의 labs가 만든 것임',
  'An older version of labs has built {cluster}': '{cluster} 클러스터는 이전 버전의 labs가 만든 것입니다',
  '{machine} cannot start: {reason}': '{machine} 머신을 시작할 수 없음: {reason}',
  'process {pid} is no container: it has stopped, or was restarted':
    '{pid}번 프로세스는 컨테이너가 아님: 멈췄거나 다시 시작됨',
  'the launcher of {machine} waits': '{machine} 머신을 시작하는 프로그램의 대기',
  '{path} is no network namespace of a machine any more: {why}':
    '{path}: 더 이상 머신의 네트워크 네임스페이스가 아님: {why}',
  'another process has its number': '다른 프로세스가 같은 번호를 사용함',
  'the program of {machine} begins': '{machine} 머신의 프로그램 시작',
  'its process 1 has ended': '1번 프로세스가 종료됨',
  '{machine} has a process 1': '{machine} 머신의 1번 프로세스 시작',
  'somebody reads {file}': '{file} 파이프를 읽는 프로세스의 시작',
  'Other labs start at the same time and take the same ids': '동시에 시작한 다른 실습이 같은 사용자 ID를 쓰려고 합니다',
  'All ranges of user ids of this engine are taken by labs':
    '이 엔진에서 쓸 수 있는 사용자 ID 범위를 실습이 모두 쓰고 있습니다',
  'Delete labs that nobody uses: `labs list` shows them.':
    '아무도 쓰지 않는 실습을 삭제하세요. 실습 목록은 `labs list`로 볼 수 있습니다.',
  'labs does not work with a rootless Docker engine':
    'root 권한 없이 실행되는(rootless) Docker 엔진에서는 labs를 쓸 수 없습니다',
  'Another `labs start` is changing {cluster} now': '다른 `labs start`가 지금 {cluster} 실습에서 작업 중입니다',
  'Another `labs start` is changing {cluster} now: process {pid}, since {time}':
    '다른 `labs start`가 {cluster} 실습에서 작업 중입니다: {pid}번 프로세스, {time}부터',
  'Another `labs start` is changing {cluster} now: process {pid} on {host}, since {time}':
    '다른 `labs start`가 {cluster} 실습에서 작업 중입니다: {host}의 {pid}번 프로세스, {time}부터',
  'Wait until it ends, or start a second lab with `--name`.':
    '끝날 때까지 기다리거나, `--name`으로 다른 실습을 시작하세요.',
  '{name} was deleted while it was starting': '시작하는 동안 삭제된 실습입니다: {name}',
  'Run `labs start` to build it again.': '`labs start`로 다시 만드세요.',
  '{name} is stopped': '멈춰 있는 실습입니다: {name}',
  '{name} has not been started': '시작하지 않은 실습입니다: {name}',
  'Run `labs start {cluster}`.': '다음을 실행하세요: `labs start {cluster}`',
  'Run `labs start` to resume the lab.': '`labs start`로 실습을 이어서 시작하세요.',
  '{cluster} is a cluster of another lab, {lab}': '{cluster} 클러스터는 다른 실습의 것입니다: {lab}',
  'The definition of {lab} has changed since {cluster} was started:':
    '{cluster} 클러스터를 시작한 뒤 {lab} 실습의 정의가 바뀌었습니다:',
  '{field}: {before} → {after}': '{field}: {before} → {after}',
  '(nothing)': '(없음)',
  '{cluster} is incomplete: {machines} no longer exists': '{cluster} 클러스터에서 없어진 머신이 있습니다: {machines}',
  'Run `labs reset {cluster}`, which builds the cluster anew.':
    '클러스터를 새로 만들려면 다음을 실행하세요: `labs reset {cluster}`',
  'Run `labs delete {cluster}` first, or use `--name` to start a second cluster.':
    '`--name`으로 다른 클러스터를 시작하거나, 먼저 다음을 실행하세요: `labs delete {cluster}`',
  'Run `labs delete {cluster}`.': '다음을 실행하세요: `labs delete {cluster}`',
  'Not everything could be undone: {problem}': '모두 되돌리지는 못했습니다: {problem}',
  'undo "{step}" failed: {problem}': '되돌리기 실패 ("{step}"): {problem}',
  'create the volume of {cluster}': '{cluster} 클러스터의 볼륨 생성',
  'create {container}': '{container} 컨테이너 생성',
  'start {container}': '{container} 컨테이너 시작',
  'start the gateway': '게이트웨이 시작',
  'remove the helper container': '도우미 컨테이너 삭제',
  'remove the container of the image': '이미지의 컨테이너 삭제',
  'remove the incomplete base': '완성되지 않은 기본 이미지 삭제',
  'remove the probing container': '점검용 컨테이너 삭제',
  'remove {container}': '{container} 컨테이너 삭제',
  'The fabric stopped right after the start': '패브릭이 시작하자마자 멈췄습니다',
  '{component} does not run on {node}': '{node} 노드에서 {component} 구성 요소가 실행 중이 아닙니다',
  'On {node}, run `systemctl status {component}`.':
    '{node} 노드에서 다음을 실행해 보세요: `systemctl status {component}`',
  '{machines} stopped right after the start': '시작하자마자 멈췄습니다: {machines}',
  '{component} on {node} keeps exiting: {restarts} restarts.':
    '{node} 노드에서 {component} 구성 요소가 계속 종료됩니다(재시작 {restarts}회).',
  '{component} on {node} keeps exiting: {restarts} restarts, last exit code {code}.':
    '{node} 노드에서 {component} 구성 요소가 계속 종료됩니다(재시작 {restarts}회, 마지막 종료 코드 {code}).',
  'Its last log lines:': '마지막 로그:',
  '(no log lines)': '(로그 없음)',
  'If the lab does not break this component on purpose, this is a defect of labs: please report these lines.':
    '실습에서 일부러 고장 낸 구성 요소가 아니라면 labs의 결함입니다. 이 로그를 알려 주세요.',
  'The component {component} has not been built': '아직 빌드하지 않은 구성 요소입니다: {component}',
  'Run `npm run build` in the checkout.': '소스 폴더에서 `npm run build`를 실행하세요.',
  'The lab needs kube-proxy in mode {mode}, which does not run on {nodes}':
    '이 실습에는 {mode} 모드의 kube-proxy가 필요하지만, 그 모드로 실행되지 않는 노드가 있습니다: {nodes}',
  'Load what the mode needs on the machine of the Docker engine, such as the kernel module ip_vs.':
    'Docker 엔진이 있는 컴퓨터에 그 모드에 필요한 것(커널 모듈 ip_vs 등)을 불러오세요.',
  '`labs doctor` says what is missing.': '무엇이 없는지는 `labs doctor`로 볼 수 있습니다.',
  'If the lab also works in iptables mode, set `fallback: true` beside `mode` in its lab.yaml.':
    'iptables 모드에서도 동작하는 실습이면 lab.yaml의 `mode` 옆에 `fallback: true`를 쓰세요.',
  'The kernel has no {module} for the link of {machine} to the network {network}: {quality}':
    '{machine} 머신이 {network} 네트워크에 연결된 링크({quality})에 필요한 {module} 모듈이 커널에 없습니다',
  'The kernel has no {module} for the link of {machine}: {quality}':
    '{machine} 머신의 링크({quality})에 필요한 {module} 모듈이 커널에 없습니다',
  'Load this kernel module on the machine of the Docker engine, or use a kernel that has it.':
    'Docker 엔진이 있는 컴퓨터에 이 커널 모듈을 불러오거나, 모듈이 있는 커널을 사용하세요.',
  'The lines netem and tbf of `labs doctor` say how.': '방법은 `labs doctor`의 `netem`, `tbf` 줄에 있습니다.',
  '{count} containers': '컨테이너 {count}개',
  '{count} links': '링크 {count}개',
  // Machines and the fabric
  'The API server of {cluster} does not answer: {problem}': '{cluster} 실습의 API 서버가 응답하지 않습니다: {problem}',
  'nothing listens at {name}': '{name} 주소에서 듣고 있는 프로그램이 없음',
  'On the control plane, run `systemctl status kube-apiserver`.':
    '컨트롤 플레인에서 다음을 실행해 보세요: `systemctl status kube-apiserver`',
  '{cluster} has no running machine "{machine}"': '{cluster} 실습에서 실행 중인 머신이 아닙니다: "{machine}"',
  'Running machines: {machines}.': '실행 중인 머신: {machines}',
  'The fabric of {cluster} does not exist': '{cluster} 실습의 패브릭이 없습니다',
  'The fabric of {cluster} does not answer any more': '{cluster} 실습의 패브릭이 더는 응답하지 않습니다',
  'The fabric of {cluster} does not answer any more: {said}':
    '{cluster} 실습의 패브릭이 더는 응답하지 않습니다: {said}',
  'Run `labs start` to bring the lab back.': '`labs start`로 실습을 다시 시작하세요.',
  'The fabric did not answer `{method}` in {time} ms': '패브릭이 `{method}` 요청에 {time} ms 안에 응답하지 않았습니다',
  "The fabric's `{method}` failed: {problem}": '패브릭의 `{method}` 요청이 실패했습니다: {problem}',
  "{program} can't be run: {cause}": '{program} 프로그램을 실행할 수 없음: {cause}',
  '`{command}` took more than {time} ms': '`{command}`: {time} ms가 지나도 끝나지 않음',
  '`{method}` took more than {time} s': '`{method}`: {time}초가 지나도 끝나지 않음',
  '`{command}` failed: {said}': '`{command}` 실패: {said}',
  'exit code {code}': '종료 코드 {code}',
  'process {pid} is not a machine: the machine has stopped, or was restarted':
    '{pid}번 프로세스는 머신이 아님: 머신이 멈췄거나 다시 시작됨',
  'several network namespaces on {machine} have the address {address}':
    '{machine} 머신에 주소가 {address}인 네트워크 네임스페이스가 여러 개임',
  'no network namespace on {machine} has the address {address}':
    '{machine}에 주소가 {address}인 네트워크 네임스페이스가 없음',
  'the answer is too long': '응답이 너무 김',
  // The way in
  'No port is free on 127.0.0.1 for the way in to the API server':
    'API 서버에 접속하는 통로로 쓸 빈 포트가 127.0.0.1에 없습니다',
  'Port {port} is in use, so the way in to the API server moved to port {other}.':
    '{port}번 포트를 다른 프로그램이 쓰고 있어, API 서버에 접속하는 통로를 {other}번 포트로 옮겼습니다.',
  'There is no way in from this machine, so kubectl runs in the control plane: {cause}':
    '이 컴퓨터에서 접속하는 통로를 열지 못해 kubectl을 컨트롤 플레인에서 실행합니다: {cause}',
  'Only root may listen on port {port}': '{port}번 포트에서는 root만 리스닝할 수 있습니다',
  'Choose a port above 1023, for example {example}.': '1023보다 큰 포트를 고르세요. 예: {example}',
  'Port {port} of this machine is in use': '이 컴퓨터의 {port}번 포트를 다른 프로그램이 쓰고 있습니다',
  'Choose another port in front of the colon.': '콜론 앞의 포트를 다른 것으로 바꾸세요.',
  '`ss -ltnp` shows the program that uses this one.': '이 포트를 쓰는 프로그램은 `ss -ltnp`로 볼 수 있습니다.',
  '{program} cannot run: {cause}': '{program} 프로그램을 실행할 수 없습니다: {cause}',
  'Check that this file exists and may be executed. `labs shell` runs the program in the variable SHELL.':
    '파일이 있고 실행 권한이 있는지 확인하세요. `labs shell`은 변수 SHELL에 적힌 프로그램을 실행합니다.',
  '{file} can’t be read: {cause}': '파일을 읽을 수 없습니다 ({file}): {cause}',
  '{file} is not a valid kubeconfig: {cause}': '올바른 kubeconfig가 아닙니다 ({file}): {cause}',
  'it is not a map': '맵이 아님',
  'Nothing was changed. Correct the file, or name another one: KUBECONFIG=FILE labs kubeconfig --write':
    '아무것도 바꾸지 않았습니다. 파일을 고치거나, 다른 파일을 지정하세요: KUBECONFIG=파일 labs kubeconfig --write',
  'Another program is changing {file}: {lock} exists':
    '다른 프로그램이 {file} 파일을 바꾸는 중입니다: {lock} 파일이 있습니다',
  'If no program is changing it, run `{command}`.': '바꾸는 프로그램이 없으면 다음을 실행하세요: `{command}`',
};
