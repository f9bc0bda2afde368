// Sentences about the way in from the user's machine: kubectl, kubeconfig, forward.
import { startCommand } from './general.ts';
import { both } from './words.ts';

export const wayInMessages = {
  kubectlMissing: both(
    (wanted: string) => `\`${wanted}\` needs a kubectl on this machine, and there is none`,
    (wanted) => `\`${wanted}\`을(를) 쓰려면 이 컴퓨터에 kubectl이 있어야 하는데, 없습니다`,
  ),
  kubectlMissingHint: both(
    'Install kubectl 1.31 to 1.33. Or pipe the file: labs kubectl apply -f - < FILE',
    'kubectl 1.31–1.33을 설치하세요. 또는 파일을 파이프로 넘기세요: labs kubectl apply -f - < FILE',
  ),
  noWayIn: both(
    (name: string) => `The lab ${name} has no port on this machine`,
    (name) => `실습 ${name}에는 이 컴퓨터에서 들어가는 포트가 없습니다`,
  ),
  noWayInHint: both(
    (name: string, lab: string) => `Open the port with ${startCommand(name, lab)}. \`labs kubectl\` works without it.`,
    (name, lab) => `${startCommand(name, lab)}로 포트를 여세요. \`labs kubectl\`은 포트 없이도 동작합니다.`,
  ),
  wayInElsewhere: both('The port of this lab is not on this machine.', '이 실습의 포트는 이 컴퓨터에 있지 않습니다.'),
  wayInBySsh: both(
    (command: string) => `Keep this command running: ${command}`,
    (command) => `다음 명령을 계속 실행해 두세요: ${command}`,
  ),
  wayInClosed: both(
    (server: string) => `Nothing answers at ${server}.`,
    (server) => `${server}에서 응답이 없습니다.`,
  ),
  kubeconfigWritten: both(
    (entry: string, file: string) => `Added the context ${entry} to ${file} and made it the current one.`,
    (entry, file) => `${file}에 컨텍스트 ${entry}을(를) 추가하고 현재 컨텍스트로 정했습니다.`,
  ),
  kubeconfigRenewed: both(
    (entry: string, file: string) => `The context ${entry} in ${file} was rewritten to match.`,
    (entry, file) => `${file}의 컨텍스트 ${entry}도 그에 맞게 고쳤습니다.`,
  ),
  kubeconfigNext: both('Try it: kubectl get nodes', '확인해 보세요: kubectl get nodes'),
  // forward
  forwardTarget: both(
    (target: string) => `\`labs forward\` does not know the target "${target}"`,
    (target) => `\`labs forward\`의 대상 "${target}"을(를) 알 수 없습니다`,
  ),
  forwardTargetHint: both(
    'A target is service/NAME, pod/NAME or a machine. For other kinds: labs kubectl port-forward',
    '대상은 service/이름, pod/이름 또는 머신입니다. 다른 종류: labs kubectl port-forward',
  ),
  forwardMissing: both(
    (kind: string, name: string, namespace: string) => `There is no ${kind} "${name}" in the namespace ${namespace}`,
    (kind, name, namespace) => `네임스페이스 ${namespace}에 ${kind} "${name}"이(가) 없습니다`,
  ),
  forwardOthers: both(
    (kind: string, namespace: string, names: string) => `The ${kind} in the namespace ${namespace}: ${names}.`,
    (kind, namespace, names) => `네임스페이스 ${namespace}의 ${kind === 'pods' ? '파드' : '서비스'}: ${names}`,
  ),
  forwardNone: both(
    (kind: string, namespace: string) => `The namespace ${namespace} has no ${kind}. \`-n\` names another one.`,
    (kind, namespace) =>
      `네임스페이스 ${namespace}에 ${kind === 'pods' ? '파드' : '서비스'}가 없습니다. 다른 네임스페이스는 \`-n\`으로 정합니다.`,
  ),
  forwardNoAddress: both(
    (target: string) => `${target} has no address yet`,
    (target) => `${target}에 아직 주소가 없습니다`,
  ),
  forwardPort: both(
    (text: string) => `"${text}" is no port: write 8080:80, 80 or :80`,
    (text) => `"${text}"은(는) 포트가 아닙니다. 8080:80, 80 또는 :80처럼 쓰세요`,
  ),
  forwardPortUnknown: both(
    (port: string, target: string, ports: string) => `${target} has no TCP port ${port}; it has: ${ports}`,
    (port, target, ports) => `${target}에는 TCP 포트 ${port}이(가) 없습니다. 있는 포트: ${ports}`,
  ),
  forwardPortNeeded: both(
    (target: string) => `Which port of ${target}? For example: labs forward ${target} 8080:80`,
    (target) => `${target}의 어느 포트인가요? 예: labs forward ${target} 8080:80`,
  ),
  forwarding: both(
    (url: string, address: string, from: string) => `${url} leads to ${address}, from ${from}.`,
    (url, address, from) => `${url} → ${address} (${from}에서 연결)`,
  ),
  forwardEnd: both('Ctrl-C ends it.', 'Ctrl-C로 끝냅니다.'),
  forwardFailed: both(
    (address: string, reason: string) => `No connection to ${address}: ${reason}`,
    (address, reason) => `${address}에 연결하지 못했습니다: ${reason}`,
  ),
};
