// One rule of a node sends the packets for a service to a wrong port.
import { defineFault } from '../fault.ts';
import { rulesWith, startUnit, untilRule } from '../node.ts';
import { callerParam, portParam, serverParam, serviceParam } from '../params.ts';
import { answersCheck, everywhereCheck, symptomOf, titleOf } from '../say.ts';
import { partsOf } from '../scene.ts';

export const tamperedRule = defineFault({
  name: 'tampered-rule',
  summary: 'On the node of the caller, the DNAT rule of the service has a wrong port.',
  params: {
    service: serviceParam('shop/prices'),
    caller: callerParam(', which has the wrong rule'),
    server: serverParam(),
    port: portParam('The wrong port.', 8888),
  },
  stays: 'kube-proxy writes the rule again only when the service or its endpoints change, and once an hour.',
  modes: ['iptables'],
  restart: 'heals',
  title: titleOf,
  symptom(values) {
    const { namespace, name, visitor } = partsOf(values.service);
    return symptomOf(values, {
      en: `The service \`${name}\` in the namespace \`${namespace}\` works from ${values.server}. From the pod
\`${visitor}\` on ${values.caller}, it does not work.`,
      ko: `\`${namespace}\` 네임스페이스의 \`${name}\` 서비스는 ${values.server}에서는 잘 동작합니다. ${values.caller}에 있는
\`${visitor}\` 파드에서는 동작하지 않습니다.`,
    });
  },
  cause: ({ service, caller, port }) => ({
    en: `On ${caller}, the DNAT rule of ${partsOf(service).name} sent packets to port ${port} of the pod, where
nothing listens. The pod refused the connection. Every
node has its own copy of the rules, so the service worked from other nodes.`,
    ko: `${caller}에서 ${partsOf(service).name}의 DNAT 규칙이 패킷을 파드의 ${port}번 포트로 보내고 있었습니다. 이 포트에서는 아무것도 리스닝하지 않으므로 파드가 연결을
거부했습니다. 노드마다 규칙이 따로 있으므로 다른 노드에서는 동작했습니다.`,
  }),
  cure: () => ({
    en: `It fails from one node, and the rules are there: follow the packet rule by rule on this node, and compare
the new destination with the
endpoint. Restart kube-proxy: it then writes all rules again. It notices by itself when its chains are gone, but
not when one rule is changed.`,
    ko: `한 노드에서만 실패하고 규칙은 있다면, 그 노드에서 패킷을 규칙 하나씩 따라가며 새 목적지를 엔드포인트와 비교하세요. kube-proxy를 다시 시작하면 모든 규칙을
다시 만듭니다. 체인이 없어지면 스스로 알아차리지만 규칙 하나가 바뀐 것은 알아차리지 못합니다.`,
  }),
  hints: ({ service, caller, server }) => [
    {
      en: `The service works from ${server}, so the service and its endpoint are right. What does ${caller} do with
the packets?`,
      ko: `${server}에서는 잘 동작하므로 서비스와 엔드포인트는 올바릅니다. ${caller} 노드는 패킷을 어떻게 처리합니까?`,
    },
    {
      en: `Follow the packet from KUBE-SERVICES to its new destination:

\`\`\`${caller}
iptables-save -t nat | grep ${service}
\`\`\``,
      ko: `KUBE-SERVICES부터 새 목적지까지 패킷을 따라가세요.\n\n\`\`\`${caller}\niptables-save -t nat | grep ${service}\n\`\`\``,
    },
  ],
  checks: (values) => [answersCheck(values), everywhereCheck(values)],
  scene: ({ service, caller, server }) => ({ service, caller, server }),
  async break(lab, { service, caller, port }) {
    await untilRule(lab, caller, `${service} ->`);
    const [rule = ''] = await rulesWith(lab, caller, service, '-j DNAT');
    const wrong = rule.replace(/(--to-destination [\d.]+):\d+/, `$1:${port}`);
    await lab.node(caller).restoreRules(`*nat\n${rule.replace('-A', '-D')}\n${wrong}\nCOMMIT\n`);
  },
  mend: (lab, { caller }) => startUnit(lab, caller, 'kube-proxy'),
});
