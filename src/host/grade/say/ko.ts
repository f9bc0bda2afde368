// Korean phrases that several kinds of checks share. Technical terms stay as Korean engineers use them.
// A filled-in name has no particle that depends on the last sound of the name (이/가, 을/를, 와/과).
import { toKorean } from '../../korean/translate.ts';
import { inWords } from '../match.ts';
import { describeReference } from '../reference.ts';
import type { Phrases } from './en.ts';

/** By their names in lab.yaml. */
const kinds: Readonly<Record<string, string>> = {
  pod: '파드',
  node: '노드',
  service: '서비스',
  deployment: '디플로이먼트',
  endpoints: '엔드포인트',
  namespace: '네임스페이스',
};

export const korean: Phrases = {
  language: 'ko',

  named: (kind, name) => `${name} ${kinds[kind] ?? kind}`,
  fieldOf: (field, object) => `(${object}의 ${field})`,

  ofItsNode: (field) => `(그 노드의 ${field === 'name' ? '이름' : '주소'})`,
  listed: (items) => (items.length === 0 ? '(없음)' : items.join(', ')),
  selectorHint: () => '셀렉터가 준비된 파드의 레이블과 일치합니까?',
  where: (reference) => {
    if (reference.startsWith('pod/')) return describeReference(reference, korean);
    const [, name = reference, , netns] = reference.split('/');
    const machine = name === '*' ? '모든 노드' : name;
    return netns === undefined ? machine : korean.inNetns(netns, machine);
  },
  anywhere: (reference) => korean.where(reference),
  counted: (range, noun) => (range.max === 0 ? `${noun} 없음` : `${noun} ${korean.count(range)}`),
  count: ({ min, max }) => {
    if (max === undefined) return `${min}개 이상`;
    if (min === max) return `정확히 ${min}개`;
    return min === 0 ? `${max}개 이하` : `${min}~${max}개`;
  },
  quoted: (match, part) => (match === undefined ? '' : part(inWords(match))),

  fromEnglish: toKorean,

  hidden: {
    expected: '제목에 적힌 상태',
    observed: '아직 아님',
    observedOfFault: '아직 아님. 무엇이 잘못되었는지 찾는 것도 과제의 일부입니다',
  },
  mayBeFaultOf: (task) => `지금은 아님. 전에 통과했으며, 과제 ${task}의 문제 때문일 수 있습니다`,
  not: (phrase) => `다음과 같으면 안 됨: ${phrase}`,
  stays: (phrase, seconds) => `${phrase}, ${seconds}초 동안 유지`,
  staysNotYet: (observed, seconds) => `${observed} (올바름. ${seconds}초 동안 유지되면 통과)`,
  inTask: (task, title) => `${title} (과제 ${task})`,
  toBegin: (task) => `과제 시작(labs begin ${task})`,
  afterTask: (task, title) => `먼저 할 과제 ${task}: ${title}`,
  triedLast: () => 'labs grade(클러스터를 바꾸는 검사라서 마지막에 실행)',
  toDoYourself: (task) => `직접 풀기(labs goto가 대신 푼 과제): labs reset ${task}`,

  noSuch: (object) => `${object} 없음`,
  createFirst: (object) => `먼저 만드세요: ${object}`,
  hasNoField: (object, path) => `${object}에 ${path} 값이 없음`,
  slashInField: (object, path) => `${object}의 ${path} 값이 슬래시로 시작하여 비교할 수 없음`,
  podNotRunning: (pod, state) => `${pod}: 실행 중이 아님 (${state})`,
  describePod: (words) => `\`kubectl describe ${words}\`의 내용을 보세요.`,
  inNetns: (name, machine) => `${machine}의 ${name}`,
  noNetns: (name, machine) => `${machine}에 네트워크 네임스페이스 ${name} 없음`,
  podGone: () => '파드만의 네트워크 네임스페이스가 없음: 프로세스가 종료되었거나 다른 네임스페이스에 같은 주소가 있음',
  inTime: {
    pass: '제한 시간 안의 마지막 채점에서 통과함',
    fail: '제한 시간 안의 마지막 채점에서 통과하지 못함',
    blocked: '제한 시간 안의 마지막 채점 때 먼저 해야 했던 것',
    broken: '제한 시간 안에 채점하지 못함',
    never: '제한 시간 안에 채점한 적 없음',
  },
  othersChange: () => '다른 채점이 동시에 클러스터를 바꾸는 중. 그 채점이 끝난 뒤 다시 시도하세요',
  machineDown: (machine) =>
    `${machine ? `${machine} ` : '한 '}머신이 실행 중이 아님. \`labs start\`로 다시 시작할 수 있습니다`,
  apiServerStopped: (machine) => `${machine}에서 kube-apiserver가 실행 중이 아니어서 클러스터의 상태를 읽을 수 없음`,
  apiServerSilent: (cause) => `API 서버가 응답하지 않음: ${cause}`,
  unknownEndpoints: (address) =>
    `주소와 포트가 ${address}인 서비스, 파드, 머신이 없거나 서비스의 엔드포인트가 32개를 넘음`,
  unreadableRules: (node, cause) => `${node}의 iptables 규칙을 읽을 수 없음: ${cause}`,
  forgedRules: () => '줄 바꿈이나 따옴표가 든 이름 때문에 다른 규칙처럼 보임',
  notRunning: (program, node) => `${node}에서 ${program} 프로세스가 실행 중이 아님`,

  systemctl: (machine, unit) => `${machine}에서: systemctl status ${unit}; journalctl -u ${unit}`,
  onMachine: (machine, command) => `${machine}에서: ${command}`,

  noResolver: (place, host) => `${place}에서는 ${host} 이름을 알 수 없음: 클러스터의 DNS는 파드만 사용합니다`,
  noNameserver: (place) => `${place}의 resolv.conf에 네임 서버가 없음`,
  notResolved: (host, cause) => `${host} 이름의 주소를 찾을 수 없음${cause === '' ? '' : `: ${cause}`}`,
};
