// Sentences about the way in from the user's machine: kubectl, kubeconfig, forward.
import { startCommand } from './general.ts';
import { both } from './words.ts';

/** As they stand in paths of the API server. */
type Kind = 'pods' | 'services';
const kindsKo: Readonly<Record<Kind, string>> = { pods: '파드', services: '서비스' };

export const wayInMessages = {
  kubectlMissing: both(
    (wanted: string) => `\`${wanted}\` needs a kubectl on this machine, and there is none`,
    (wanted) => `이 컴퓨터에 kubectl이 없어 실행할 수 없습니다: \`${wanted}\``,
  ),
  kubectlMissingHint: both(
    'Install kubectl 1.31 to 1.33. Or pipe the file: labs kubectl apply -f - < FILE',
    'kubectl 1.31–1.33을 설치하세요. 또는 파일을 파이프로 넘기세요: labs kubectl apply -f - < 파일',
  ),
  noWayIn: both(
    (name: string) => `The lab ${name} has no port on this machine`,
    (name) => `${name} 실습에는 이 컴퓨터에서 접속하는 포트가 없습니다`,
  ),
  noWayInHint: both(
    (name: string, lab: string) => `Open the port with ${startCommand(name, lab)}. \`labs kubectl\` works without it.`,
    (name, lab) => `포트를 여세요: ${startCommand(name, lab)}. \`labs kubectl\`은 포트 없이도 동작합니다.`,
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
    (entry, file) => `${file}에 ${entry} 컨텍스트를 추가하고 현재 컨텍스트로 정했습니다.`,
  ),
  kubeconfigRenewed: both(
    (entry: string, file: string) => `The context ${entry} in ${file} was rewritten to match.`,
    (entry, file) => `${file}의 ${entry} 컨텍스트도 그에 맞게 고쳤습니다.`,
  ),
  kubeconfigNext: both('Try it: kubectl get nodes', '확인해 보세요: kubectl get nodes'),
  // forward
  forwardTarget: both(
    (target: string) => `\`labs forward\` does not know the target "${target}"`,
    (target) => `\`labs forward\`의 대상이 될 수 없습니다: "${target}"`,
  ),
  forwardTargetHint: both(
    'A target is service/NAME, pod/NAME or a machine. For other kinds: labs kubectl port-forward',
    '대상은 service/이름, pod/이름 또는 머신입니다. 다른 종류: labs kubectl port-forward',
  ),
  forwardMissing: both(
    (kind: Kind, name: string, namespace: string) =>
      `There is no ${kind.slice(0, -1)} "${name}" in the namespace ${namespace}`,
    (kind, name, namespace) => `${namespace} 네임스페이스에 없는 ${kindsKo[kind]}입니다: "${name}"`,
  ),
  forwardOthers: both(
    (kind: Kind, namespace: string, names: string) => `The ${kind} in the namespace ${namespace}: ${names}.`,
    (kind, namespace, names) => `${namespace} 네임스페이스의 ${kindsKo[kind]}: ${names}`,
  ),
  forwardElsewhere: both(
    (namespace: string, command: string) => `One of this name is in the namespace ${namespace}: \`${command}\``,
    (namespace, command) => `이 이름은 ${namespace} 네임스페이스에 있습니다: \`${command}\``,
  ),
  forwardNone: both(
    (kind: Kind, namespace: string) => `The namespace ${namespace} has no ${kind}. \`-n\` names another one.`,
    (kind, namespace) => `${namespace} 네임스페이스의 ${kindsKo[kind]}: 없음. 다른 네임스페이스는 \`-n\`으로 정합니다.`,
  ),
  forwardNoAddress: both(
    (target: string) => `${target} has no address yet`,
    (target) => `${target}에 아직 주소가 없습니다`,
  ),
  forwardPort: both(
    (text: string) => `"${text}" is no port: write 8080:80, 80 or :80`,
    (text) => `포트가 아닙니다: "${text}". 8080:80, 80 또는 :80처럼 쓰세요`,
  ),
  forwardPortUnknown: both(
    (port: string, target: string, ports: string) => `${target} has no TCP port ${port}; it has: ${ports}`,
    (port, target, ports) => `${target}에 없는 TCP 포트입니다: ${port}. 있는 포트: ${ports}`,
  ),
  forwardPortNeeded: both(
    (target: string) => `Which port of ${target}? For example: labs forward ${target} 8080:80`,
    (target) => `${target}의 어느 포트입니까? 예: labs forward ${target} 8080:80`,
  ),
  forwarding: both(
    (url: string, address: string, from: string) => `${url} leads to ${address}, from ${from}.`,
    (url, address, from) => `${url} → ${address} (${from}에서 연결)`,
  ),
  outside: both('the outside', '클러스터 밖'),
  forwardEnd: both('Ctrl-C ends it.', 'Ctrl-C로 끝냅니다.'),
  forwardFailed: both(
    (address: string, reason: string) => `No connection to ${address}: ${reason}`,
    (address, reason) => `${address}에 연결하지 못했습니다: ${reason}`,
  ),
};
