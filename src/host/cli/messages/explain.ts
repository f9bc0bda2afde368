// Sentences of `labs trace --explain`, one for each hop.
import { both } from './words.ts';

export const explainMessages = {
  explainGateway: both(
    (who: string, gateway: string, link: string) =>
      `${who} has no route of its own to this address, so it sends the packet to its gateway ${gateway}, through ${link}.`,
    (who, gateway, link) =>
      `${who}에는 이 주소로 가는 경로가 따로 없어, ${link} 링크를 통해 게이트웨이 ${gateway}에 보냅니다.`,
  ),
  explainVia: both(
    (who: string, network: string, gateway: string) => `On ${who}, a route says: ${network} is behind ${gateway}.`,
    (who, network, gateway) => `${who}의 경로: ${network} 네트워크는 ${gateway} 너머에 있습니다.`,
  ),
  explainDirect: both(
    (who: string, network: string, link: string) => `On ${who}, a route says: ${network} is right behind ${link}.`,
    (who, network, link) => `${who}의 경로: ${network} 네트워크는 ${link}에 바로 붙어 있습니다.`,
  ),
  explainHere: both(
    (who: string, address: string) => `${address} is an address of ${who} itself, so the packet stays here.`,
    (who, address) => `${address} 주소는 ${who} 자신의 것이므로 패킷은 여기에 머뭅니다.`,
  ),
  explainDnat: both(
    (who: string, before: string, after: string) =>
      `A rule on ${who} replaces the destination ${before} by ${after} (DNAT). No machine has the address of a service: it exists in such rules only.`,
    (who, before, after) =>
      `${who}의 규칙이 목적지를 바꿉니다(DNAT): ${before} → ${after}. 서비스의 주소는 어느 머신에도 없고, 이런 규칙 안에만 있습니다.`,
  ),
  explainRedirect: both(
    (who: string, before: string, after: string) =>
      `A rule on ${who} replaces the destination ${before} by ${after} (DNAT).`,
    (who, before, after) => `${who}의 규칙이 목적지를 바꿉니다(DNAT): ${before} → ${after}`,
  ),
  explainSnat: both(
    (who: string, before: string, after: string) =>
      `A rule on ${who} replaces the source ${before} by ${after} (SNAT). Answers go there.`,
    (who, before, after) => `${who}의 규칙이 출발지를 바꿉니다(SNAT): ${before} → ${after}. 응답은 이 주소로 갑니다.`,
  ),
  explainChance: both(
    (percent: string) => `A random choice picks the endpoint: this one gets ${percent} of the connections.`,
    (percent) => `어느 엔드포인트로 갈지는 확률로 정해집니다. 이 엔드포인트가 받는 연결의 비율은 ${percent}입니다.`,
  ),
  explainMasquerade: both(
    (who: string, before: string, after: string) =>
      `${who} also replaces the source ${before} by its own address ${after} (masquerading), so that the answer comes back through it.`,
    (who, before, after) =>
      `${who} 노드는 출발지도 자기 주소로 바꿉니다(마스커레이딩): ${before} → ${after}. 그래야 응답이 이 노드를 거쳐 돌아옵니다.`,
  ),
  explainConntrack: both(
    (who: string) =>
      `${who} remembers the connection (conntrack). Later packets and the answers are rewritten the same way, without asking the rules again.`,
    (who) =>
      `${who} 머신은 이 연결을 기억합니다(conntrack). 이후의 패킷과 응답은 규칙을 다시 묻지 않고 똑같이 바뀝니다.`,
  ),
  explainBridge: both(
    (bridge: string, to: string) => `The ${bridge} carries it to ${to}.`,
    (bridge, to) => `${bridge.replace(/^bridge /, '')} 브리지가 패킷을 ${to}에 전달합니다.`,
  ),
  explainLoss: both(
    (share: string) => `The next link loses ${share} of the packets, because the lab says so.`,
    (share) => `다음 링크는 실습이 정한 대로 패킷을 일부 잃습니다(${share}).`,
  ),
  explainVeth: both(
    (from: string, to: string) => `A veth pair joins ${from} and ${to}, like a cable.`,
    (from, to) => `veth 쌍이 케이블처럼 두 곳을 잇습니다: ${from}, ${to}`,
  ),
  explainTunnel: both(
    (remote: string) => `VXLAN wraps the packet into another one, to ${remote}, which unwraps it.`,
    (remote) => `VXLAN이 패킷을 다른 패킷에 싸서 ${remote} 주소로 보내고, 그쪽에서 풉니다.`,
  ),
  explainNotTracked: both(
    (who: string) =>
      `A rule on ${who} keeps this packet out of the connection table (NOTRACK). So no rule that replaces addresses (DNAT, masquerading) applies to it.`,
    (who) =>
      `${who}의 규칙이 이 패킷을 연결 테이블에 넣지 않습니다(NOTRACK). 그래서 주소를 바꾸는 규칙(DNAT, 마스커레이딩)이 적용되지 않습니다.`,
  ),
  explainDropRule: both(
    (who: string, position: number, chain: string) =>
      `Rule ${position} of the chain ${chain} matches this packet, and ${who} throws the packet away.`,
    (who, position, chain) => `${chain} 체인의 ${position}번째 규칙이 이 패킷에 맞아, ${who}에서 패킷을 버립니다.`,
  ),
  explainDropPolicy: both(
    (who: string, chain: string) =>
      `No rule of the chain ${chain} decided, so its policy does: DROP. ${who} throws the packet away.`,
    (who, chain) => `${chain} 체인의 어느 규칙도 결정하지 않아, 체인의 정책(DROP)에 따라 ${who}에서 패킷을 버립니다.`,
  ),
  explainDropSysctl: both(
    (who: string, name: string, value: string) =>
      `The kernel parameter ${name} of ${who} is ${value}, and so the kernel throws the packet away.`,
    (who, name, value) => `${who}의 커널 매개변수 때문에(${name} = ${value}) 커널이 패킷을 버립니다.`,
  ),
  explainDropKernel: both(
    (who: string) => `No rule throws the packet away, but the kernel of ${who} itself does.`,
    (who) => `규칙이 아니라 ${who}의 커널이 패킷을 버립니다.`,
  ),
  explainSilence: both(
    'Nobody tells the sender, who waits until a time limit ends.',
    '보낸 쪽은 아무 응답도 받지 못해, 제한 시간이 끝날 때까지 기다립니다.',
  ),
  explainRejectRule: both(
    (who: string, position: number, chain: string) =>
      `Rule ${position} of the chain ${chain} matches this packet, and ${who} refuses the packet.`,
    (who, position, chain) => `${chain} 체인의 ${position}번째 규칙이 이 패킷에 맞아, ${who}에서 패킷을 거부합니다.`,
  ),
  explainReject: both(
    (who: string) => `${who} refuses the packet.`,
    (who) => `${who}에서 패킷을 거부합니다.`,
  ),
  explainRejectTold: both(
    (who: string, how: string) => `${who} tells the sender (${how}), so the sender knows at once and does not wait.`,
    (_, how) => `보낸 쪽에 이를 알리므로(${how}), 보낸 쪽은 기다리지 않고 바로 압니다.`,
  ),
  explainResetLost: both(
    (who: string, { source, known }: { readonly source: string; readonly known: string }) =>
      `${who} sends a reset, but from ${source}: the kernel does not undo the DNAT of a connection that it refuses. The sender asked ${known}, so it ignores the reset and waits.`,
    (who, { source, known }) =>
      `${who}에서 리셋을 보내지만 ${source} 주소에서 보냅니다. 커널은 거부한 연결의 DNAT를 되돌리지 않기 때문입니다. 보낸 쪽은 ${known} 주소에 물었으므로 리셋을 무시하고 기다립니다.`,
  ),
  explainNoRoute: both(
    (who: string, address: string) =>
      `No route of ${who} fits ${address}, not even a default route. The sender learns at once that the network is unreachable.`,
    (who, address) =>
      `${who}에는 ${address} 주소에 맞는 경로가 없습니다. 기본 경로도 없습니다. 보낸 쪽은 네트워크에 도달할 수 없다는 것을 바로 압니다.`,
  ),
  explainRefused: both(
    (who: string, route: string) =>
      `A route of ${who} says that this network cannot be reached: ${route}. The sender learns it at once.`,
    (who, route) => `${who}의 경로에 따르면 이 네트워크에는 도달할 수 없고(${route}), 보낸 쪽은 이를 바로 압니다.`,
  ),
  explainNoNeighbour: both(
    (who: string, link: string, address: string) =>
      `A route of ${who} leads to ${link}, but no machine there answers for ${address} (ARP). After some seconds the sender learns that the host is unreachable.`,
    (who, link, address) =>
      `${who}의 경로는 ${link} 링크로 이어지지만, 그곳에는 ${address} 주소에 응답하는(ARP) 머신이 없습니다. 보낸 쪽은 몇 초 뒤에 호스트에 도달할 수 없다는 것을 압니다.`,
  ),
} as const;
