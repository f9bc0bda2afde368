// A node does not forward packets of its pods.
import { defineFault } from '../fault.ts';
import { callerParam, serverParam, serviceParam } from '../params.ts';
import { answersCheck, causeGone, symptomOf, titleOf } from '../say.ts';
import { partsOf } from '../scene.ts';

export const ipForwardOff = defineFault({
  name: 'ip-forward-off',
  summary: 'net.ipv4.ip_forward is 0 on the node of the caller.',
  params: {
    service: serviceParam('shop/offers'),
    caller: callerParam(', which does not forward'),
    server: serverParam(),
  },
  stays: 'The components of labs set no parameter of the kernel for forwarding while they run.',
  restart: 'heals',
  title: titleOf,
  symptom(values) {
    const { name, visitor } = partsOf(values.service);
    return symptomOf(values, {
      en: `The pod \`${visitor}\` on ${values.caller} reaches neither the service \`${name}\` nor any other pod of
another node. Programs on ${values.caller} itself do.`,
      ko: `${values.caller}에 있는 \`${visitor}\` 파드는 \`${name}\` 서비스에도, 다른 노드의 어떤 파드에도 접속하지 못합니다. ${values.caller}에서
직접 실행한 프로그램은 접속합니다.`,
    });
  },
  cause: ({ caller }) => ({
    en: `\`net.ipv4.ip_forward\` was 0 on ${caller}. A node is the router of its pods. Without forwarding, its
kernel drops every packet that a pod sends
to another machine. Packets of the node's own programs need no forwarding, so they arrived.`,
    ko: `${caller}에서 \`net.ipv4.ip_forward\`가 0이었습니다. 노드는 파드들의 라우터입니다. 포워딩이 꺼져 있으면 파드가 다른 머신으로 보내는 모든 패킷을 커널이 버립니다.
노드에서 직접 실행한 프로그램의 패킷에는 포워딩이 필요 없으므로 도착했습니다.`,
  }),
  cure: () => ({
    en: `It fails from all pods of one node, and works from the node itself: the node does not forward. Capture on
cni0 and on eth0: a packet that
comes in and does not go out was dropped between the two. \`sysctl -w net.ipv4.ip_forward=1\` mends it.`,
    ko: `한 노드의 모든 파드에서 실패하고 노드 자신에서는 된다면, 노드가 포워딩을 하지 않는 것입니다. cni0과 eth0에서 패킷을 캡처하세요. 들어왔지만 나가지 않은
패킷은 그 사이에서 버려진 것입니다. \`sysctl -w net.ipv4.ip_forward=1\`로 고칩니다.`,
  }),
  hints: ({ caller }) => [
    {
      en: `The packets of a pod come in at cni0 and go out at eth0. What must ${caller} do in between, and what not
for its own programs?`,
      ko: `파드의 패킷은 cni0으로 들어와 eth0으로 나갑니다. 그 사이에 ${caller} 노드는 무엇을 해야 합니까? 자신의 프로그램에는 필요 없는 일입니다.`,
    },
    {
      en: `A parameter of the kernel decides this:

\`\`\`${caller}
sysctl -a 2>/dev/null | grep 'ipv4.*forward'
\`\`\``,
      ko: `커널 매개변수가 이것을 결정합니다.\n\n\`\`\`${caller}\nsysctl -a 2>/dev/null | grep 'ipv4.*forward'\n\`\`\``,
    },
  ],
  checks: (values) => [
    answersCheck(values),
    {
      id: 'cause',
      type: 'sysctl',
      reveal: 'nothing',
      title: causeGone,
      on: `node/${values.caller}`,
      name: 'net.ipv4.ip_forward',
      value: 1,
    },
  ],
  scene: ({ service, caller, server }) => ({ service, caller, server }),
  break: async (lab, { caller }) => void (await lab.node(caller).$`sysctl -w net.ipv4.ip_forward=0`),
  mend: async (lab, { caller }) => void (await lab.node(caller).$`sysctl -w net.ipv4.ip_forward=1`),
});
