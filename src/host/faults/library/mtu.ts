// A link of a node takes small packets only, and the node does not tell senders.
import type { LabHandle } from '../../../api/script.ts';
import { defineFault } from '../fault.ts';
import { callerParam, portParam, serverParam, serviceParam } from '../params.ts';
import { answersCheck, symptomOf, titleOf } from '../say.ts';
import { partsOf } from '../scene.ts';

export const mtu = defineFault({
  name: 'mtu',
  summary: 'The MTU of eth0 on the node of the server is small, and a rule drops the ICMP messages about it.',
  params: {
    service: serviceParam('shop/archive'),
    caller: callerParam(),
    server: serverParam(', whose link gets the small MTU'),
    mtu: portParam('The MTU.', 600),
  },
  stays: 'Nothing sets the MTU of a link while the lab runs. The rule is in no chain of kube-proxy.',
  podNetworks: ['routes'],
  restart: 'heals',
  title: titleOf,
  symptom(values) {
    const { namespace, name, visitor } = partsOf(values.service);
    const commands = `kubectl -n ${namespace} exec ${visitor} -- \\
  curl -sS -m 2 http://${name}/short
kubectl -n ${namespace} exec ${visitor} -- sh -c \\
  'curl -sS -m 2 http://${name}/$(printf "%01200d" 0)'`;
    const report = {
      en: `The pod \`${visitor}\` on ${values.caller} gets short answers of the service \`${name}\`. Long ones
never arrive.`,
      ko: `${values.caller}에 있는 \`${visitor}\` 파드는 \`${name}\` 서비스의 짧은 응답은 받습니다. 긴 응답은 도착하지 않습니다.`,
    };
    return symptomOf(values, report, commands);
  },
  cause: ({ server, mtu: size }) => ({
    en: `eth0 of ${server} had an MTU of ${size}, and all other links have 1500. Handshakes and short answers fit.
Longer packets may not be fragmented, so a
router drops them and tells the sender with an ICMP message. A rule of ${server} dropped these messages: nobody
learnt of the smaller limit.`,
    ko: `${server}의 eth0은 MTU가 ${size}이었고 다른 링크는 모두 1500입니다. 핸드셰이크와 짧은 응답은 들어갑니다. 더 긴 패킷은 나눌 수 없으므로 라우터가 버리고
ICMP 메시지로 보낸 쪽에 알립니다. ${server}의 규칙이 이 메시지를 버려서, 아무도 한도가 더 작다는 것을 알 수 없었습니다.`,
  }),
  cure: ({ server }) => ({
    en: `Connections open and small answers come, but large ones hang: compare the MTU of all links on the way. Set
the link's MTU right on
${server}, \`ip link set eth0 mtu 1500\`. Removing the rule helps, too: then the senders learn the smaller limit.`,
    ko: `연결은 되고 짧은 응답은 오는데 긴 응답만 멈춘다면, 지나는 모든 링크의 MTU를 비교하세요. ${server}에서 \`ip link set eth0 mtu 1500\`으로 링크의 MTU를
바로잡으세요.
규칙을 지워도 됩니다. 그러면 보내는 쪽이 더 작은 한도를 알게 됩니다.`,
  }),
  hints: ({ server }) => [
    {
      en: 'The handshake works, so rules and routes are right. What is different about a long answer?',
      ko: '핸드셰이크는 되므로 규칙과 경로는 올바릅니다. 긴 응답은 무엇이 다릅니까?',
    },
    {
      en: `How large may a packet be on each link of the way? Look on all nodes:\n\n\`\`\`${server}\nip link\n\`\`\``,
      ko: `지나는 링크마다 패킷이 얼마나 클 수 있습니까? 모든 노드에서 보세요.\n\n\`\`\`${server}\nip link\n\`\`\``,
    },
  ],
  checks: (values) => [
    answersCheck(values),
    {
      id: 'long',
      type: 'script',
      reveal: 'symptom',
      title: {
        en: `The pod ${partsOf(values.service).visitor} gets long answers, too`,
        ko: `${partsOf(values.service).visitor} 파드가 긴 응답도 받는다`,
      },
      points: 2,
      within: '2s',
    },
  ],
  looks: {
    async long(lab, { service }) {
      const { namespace, name, visitor } = partsOf(service);
      const path = '0'.repeat(1200);
      const outcome = await lab.pod(`${namespace}/${visitor}`).http(`http://${name}/${path}`, 2000);
      const expected = {
        en: `an answer of ${path.length} bytes from ${name}`,
        ko: `${name}에서 ${path.length}바이트가 넘는 응답`,
      };
      if (outcome.ok && outcome.body.includes(path) && outcome.body.includes(`pod: ${name}`))
        return { pass: true, observed: { en: 'the long answer came', ko: '긴 응답이 도착함' } };
      const observed = outcome.ok
        ? { en: 'another answer came', ko: '다른 응답이 도착함' }
        : { en: `no long answer: ${outcome.failure}`, ko: `긴 응답 없음: ${outcome.failure}` };
      return { pass: false, expected, observed };
    },
  },
  scene: ({ service, caller, server }) => ({ service, caller, server }),
  async break(lab, { server, mtu: size }) {
    await allowIcmp(lab, server);
    await lab.node(server).restoreRules(`*mangle\n${rule.replace('-A', '-I')}\nCOMMIT\n`);
    await lab.node(server).$`ip link set eth0 mtu ${size}`;
  },
  async mend(lab, { server }) {
    await lab.node(server).$`ip link set eth0 mtu 1500`;
    await allowIcmp(lab, server);
  },
});

const rule = '-A OUTPUT -p icmp -m icmp --icmp-type 3/4 -j DROP';

const allowIcmp = async (lab: LabHandle, node: string): Promise<void> => {
  const { iptables = '' } = await lab.node(node).facts('iptables');
  const count = iptables.split('\n').filter((line) => line.trim() === rule).length;
  const deletions = Array<string>(count).fill(rule.replace('-A', '-D'));
  if (count > 0) await lab.node(node).restoreRules(`*mangle\n${deletions.join('\n')}\nCOMMIT\n`);
};
