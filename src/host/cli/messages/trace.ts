// Sentences of `labs trace`.
import { causeInKorean } from './trace-causes.ts';
import { both } from './words.ts';

export const traceMessages = {
  traceNoMachine: both(
    (name: string) => `There is no machine "${name}"`,
    (name) => `없는 머신입니다: "${name}"`,
  ),
  traceNoStart: both(
    (name: string) => `There is no pod or machine "${name}"`,
    (name) => `없는 파드나 머신입니다: "${name}"`,
  ),
  traceStarts: both(
    'A packet starts at pod/NAME, pod/NAMESPACE/NAME, a machine such as node01, or MACHINE/netns/NAME.',
    '패킷은 pod/이름, pod/네임스페이스/이름, node01 같은 머신, 머신/netns/이름에서 출발합니다.',
  ),
  traceNoNetns: both(
    (machine: string, name: string) => `${machine} has no network namespace "${name}"`,
    (machine, name) => `${machine}에 없는 네트워크 네임스페이스입니다: "${name}"`,
  ),
  traceNetns: both(
    (names: string) => `There are ${names}.`,
    (names) => `있는 것: ${names}`,
  ),
  traceNoGoal: both(
    (name: string) => `There is no service, machine or address "${name}"`,
    (name) => `없는 서비스, 머신 또는 주소입니다: "${name}"`,
  ),
  traceGoals: both(
    'A packet goes to SERVICE:PORT, pod/NAME:PORT, MACHINE:PORT or ADDRESS:PORT.',
    '패킷의 목적지는 서비스:포트, pod/이름:포트, 머신:포트, 주소:포트입니다.',
  ),
  traceStopped: both(
    (machine: string) => `The machine ${machine} does not run`,
    (machine) => `실행 중이 아닌 머신입니다: ${machine}`,
  ),
  traceStoppedHint: both('`labs start` starts it again.', '`labs start`로 다시 시작할 수 있습니다.'),
  traceNoNames: both(
    'The API server does not answer, so labs knows no pods and services',
    'API 서버가 응답하지 않아 파드와 서비스를 알 수 없습니다',
  ),
  tracePodDown: both(
    (pod: string) => `The pod ${pod} does not run yet, or has ended`,
    (pod) => `아직 실행되지 않았거나 끝난 파드입니다: ${pod}`,
  ),
  traceNoAddress: both(
    (service: string) => `The service ${service} has no cluster IP, so no rule leads to it`,
    (service) => `ClusterIP가 없는 서비스여서 이끄는 규칙이 없습니다: ${service}`,
  ),
  traceNoAddressHint: both(
    'The name of a headless service stands for its pods: trace to pod/NAME.',
    '헤드리스 서비스의 이름은 파드를 가리킵니다. pod/이름을 목적지로 쓰세요.',
  ),
  traceExternal: both(
    (name: string) => `It only gives another name: ${name}.`,
    (name) => `다른 이름만 알려 주는 서비스입니다: ${name}`,
  ),
  tracePortNeeded: both(
    (goal: string) => `Which port of ${goal}?`,
    (goal) => `${goal}의 포트가 필요합니다`,
  ),
  tracePorts: both(
    (ports: string) => `Its ports: ${ports || 'none for this protocol'}.`,
    (ports) => `포트: ${ports || '이 프로토콜에는 없음'}`,
  ),
  traceNoSuchPort: both(
    (goal: string, port: number, ports: string) =>
      `The service ${goal} has no port ${port}. Its ports: ${ports || 'none for this protocol'}.`,
    (goal, port, ports) => `${goal} 서비스에는 포트 ${port}번이 없습니다. 포트: ${ports || '이 프로토콜에는 없음'}`,
  ),
  tracePortHint: both(
    (goal: string) => `Name a number from 1 to 65535: ${goal}:80`,
    (goal) => `1에서 65535까지의 수를 쓰세요: ${goal}:80`,
  ),
  traceOn: both(
    (machine: string) => `pod on ${machine}`,
    (machine) => `${machine}의 파드`,
  ),
  traceIdle: both(
    (count: number) => (count === 1 ? '1 jump led to no matching rule' : `${count} jumps led to no matching rule`),
    (count) => `맞는 규칙이 없는 점프 ${count}개`,
  ),
  /** `remembers A → B as C → D`, the words of the step. */
  traceTracked: both(
    (effect: string) => effect,
    (effect) => effect.replace(/^remembers (.+) as (.+)$/, '$1 연결의 변환을 기억: $2'),
  ),
  traceDelivered: both(
    (who: string, port: string) => `Delivered to ${who}${port}.`,
    (who, port) => `${who}${port}에 도착했습니다.`,
  ),
  tracePort: both(
    (port: number) => `, port ${port}`,
    (port) => ` 포트 ${port}`,
  ),
  traceListening: both('A program listens there.', '이 포트에서 프로그램이 리스닝 중입니다.'),
  traceSilent: both(
    (who: string, port: string) => `Arrives at ${who}${port}, where no program listens: the kernel refuses it.`,
    (who, port) => `${who}${port}에 왔지만, 리스닝 중인 프로그램이 없어 커널이 거부합니다.`,
  ),
  traceSeen: both(
    (source: string) => `It sees the sender as ${source}.`,
    (source) => `받는 쪽이 보는 출발지는 ${source}입니다.`,
  ),
  traceDropped: both(
    (machine: string, by: string) => `Dropped on ${machine}, without an answer: ${by}.`,
    (machine, by) => `${machine}에서 응답 없이 버려졌습니다: ${causeInKorean(by)}`,
  ),
  traceLost: both(
    'Lost on a link: the lab lets this link lose all packets.',
    '링크에서 사라집니다. 실습이 이 링크에서 패킷을 모두 잃게 정했습니다.',
  ),
  traceOutside: both(
    'Leaves the cluster: no rule and no route in it leads to this address.',
    '클러스터 밖으로 나갑니다. 이 주소로 이끄는 규칙이나 경로가 안에 없습니다.',
  ),
  traceRejected: both(
    (machine: string, how: string, by: string) => `Refused on ${machine} with ${how}: ${by}.`,
    (machine, how, by) => `${machine}에서 거부되었습니다(${how}): ${by}`,
  ),
  traceByRule: both(
    (position: number, chain: string, name: string) => `rule ${position} of the chain ${chain} in the table ${name}`,
    (position, chain, name) => `${name} 테이블 ${chain} 체인의 ${position}번째 규칙`,
  ),
  traceByPolicy: both(
    (chain: string, name: string) => `the policy of the chain ${chain} in the table ${name}`,
    (chain, name) => `${name} 테이블 ${chain} 체인의 정책`,
  ),
  traceUnroutable: both(
    (machine: string, by: string) => `No way out of ${machine}: ${by}.`,
    (machine, by) => `${machine}에서 나갈 길이 없습니다: ${causeInKorean(by)}`,
  ),
  traceLoop: both(
    (machine: string) => `Goes round in a circle: it comes to ${machine} again, unchanged.`,
    (machine) => `제자리를 돕니다: ${machine}에 그대로 다시 왔습니다.`,
  ),
  traceUnknown: both(
    (machine: string, why: string) => `labs cannot tell what happens on ${machine}: ${why}.`,
    (machine, why) => `${machine}에서 어떻게 되는지 알 수 없습니다: ${why}`,
  ),
  traceAnswerDropped: both(
    (machine: string, by: string) => `But the answer does not come back. It ends on ${machine}: ${by}.`,
    (machine, by) => `하지만 응답이 돌아오지 못하고 ${machine}에서 끝납니다: ${by}`,
  ),
  traceAnswerLost: both(
    'The answer is lost on a link: the lab lets this link lose all packets.',
    '응답이 링크에서 사라집니다. 실습이 이 링크에서 패킷을 모두 잃게 정했습니다.',
  ),
  traceAnswerOutside: both(
    'But the answer does not come back. It leaves the cluster: no rule and no route in it leads to the sender.',
    '하지만 응답이 돌아오지 못하고 클러스터 밖으로 나갑니다. 보낸 쪽으로 이끄는 규칙이나 경로가 안에 없습니다.',
  ),
  traceAnswerAstray: both(
    (machine: string, sender: string) => `But the answer comes to ${machine}, and never to ${sender}.`,
    (machine, sender) => `하지만 응답이 ${sender} 대신 ${machine}에 옵니다.`,
  ),
  traceAnswerStrange: both(
    (source: string, wanted: string, sender: string) =>
      `But ${sender} does not take the answer: it comes from ${source} instead of ${wanted}, because it does not pass the machine that changed the addresses.`,
    (source, wanted, sender) =>
      `하지만 ${sender}에서 응답을 받지 않습니다. 주소를 바꾼 곳을 거치지 않아 ${wanted} 대신 ${source}에서 오기 때문입니다.`,
  ),
  traceAnswerUnknown: both(
    (machine: string, why: string) => `labs cannot tell whether the answer comes back. On ${machine}: ${why}.`,
    (machine, why) => `응답이 돌아오는지 알 수 없습니다. ${machine}: ${why}`,
  ),
  traceWays: both('Where such packets end:', '이런 패킷이 끝나는 곳:'),
  traceWhile: both(
    (rule: string, holds: boolean) => `This way only while ${rule} ${holds ? 'matches' : 'does not match'}.`,
    (rule: string, holds: boolean) => `다음 규칙이 ${holds ? '맞을' : '맞지 않을'} 때만 이 경로: ${rule}`,
  ),
  traceWay: both(
    (number: number, of: number, percent: string) => `Way ${number} of ${of}, for ${percent} of the connections`,
    (number, of, percent) => `길 ${of}개 중 ${number}번째, 연결의 ${percent}`,
  ),
  traceShown: both(
    (taken: boolean) => `Shown above: ${taken ? 'the way of the real packet' : 'the first one'}. All ways: add --all`,
    (taken) => `위 그림: ${taken ? '실제 패킷이 간 길' : '첫 번째 길'}. 모든 길 보기: --all 추가`,
  ),
  traceProved: both(
    (outcome: string, rules: number) =>
      `A real packet was sent: ${outcome}. The kernel's own trace names the same ${rules === 1 ? 'rule' : `${rules} rules`}.`,
    (outcome, rules) => `실제 패킷을 보냈습니다: ${outcome}. 커널의 추적 결과도 같은 규칙 ${rules}개입니다.`,
  ),
  traceProvedNone: both(
    (outcome: string) => `A real packet was sent: ${outcome}. No rule is on its way, in the kernel's own trace, too.`,
    (outcome) => `실제 패킷을 보냈습니다: ${outcome}. 커널의 추적 결과에도 거치는 규칙이 없습니다.`,
  ),
  traceDiffers: both(
    (outcome: string, machine: string, kernel: string, model: string) =>
      `A real packet was sent (${outcome}) and took another way on ${machine}: ${kernel} instead of ${model}. Trust the kernel: labs has read the rules twice, and does not follow all of them.`,
    (outcome, machine, kernel, model) =>
      `실제 패킷(${outcome})은 ${machine}에서 다른 길로 갔습니다: ${model} 대신 ${kernel}. labs는 규칙을 두 번 읽었지만 모두 따라가지는 못합니다. 커널의 결과를 믿으세요.`,
  ),
  traceRealOnly: both(
    (outcome: string) => `A real packet was sent: ${outcome}.`,
    (outcome) => `실제 패킷을 보냈습니다: ${outcome}.`,
  ),
  traceNoAnswer: both(
    (from: string, to: string) =>
      `But no answer came back: look at the way back, from ${from} to ${to}, and at what the program does.`,
    (from, to) => `하지만 응답이 돌아오지 않았습니다. ${from}에서 ${to} 쪽으로 돌아오는 길과 프로그램을 살펴보세요.`,
  ),
  traceOtherEnd: both(
    'But the connection ended otherwise than its first packet lets expect.',
    '하지만 연결은 첫 패킷과 다르게 끝났습니다.',
  ),
  traceUntraced: both(
    (outcome: string) => `A real packet was sent: ${outcome}. This kernel does not tell which rules it met.`,
    (outcome) => `실제 패킷을 보냈습니다: ${outcome}. 이 커널은 거친 규칙을 알려 주지 않습니다.`,
  ),
  traceOutcome: both(
    (outcome: 'connected' | 'sent' | 'refused' | 'unreachable' | 'timeout') =>
      ({
        connected: 'connected',
        sent: 'sent, as nobody confirms UDP',
        refused: 'refused',
        unreachable: 'unreachable',
        timeout: 'no answer',
      })[outcome],
    (outcome) =>
      ({
        connected: '연결됨',
        sent: '보냄(UDP는 확인 응답이 없음)',
        refused: '거부됨',
        unreachable: '도달할 수 없음',
        timeout: '응답 없음',
      })[outcome],
  ),
};
