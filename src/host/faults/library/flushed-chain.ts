// The chains of kube-proxy are empty on a node, and kube-proxy does not run to write them again.
import { defineFault } from '../fault.ts';
import { rulesWith, startUnit, untilRule } from '../node.ts';
import { callerParam, serverParam, serviceParam } from '../params.ts';
import { answersCheck, everywhereCheck, runsCheck, symptomOf, titleOf } from '../say.ts';
import { partsOf } from '../scene.ts';

export const flushedChain = defineFault({
  name: 'flushed-chain',
  summary: 'On the node of the caller, the chain KUBE-SERVICES of the nat table is empty, and kube-proxy is stopped.',
  params: {
    service: serviceParam('shop/mail'),
    caller: callerParam(', whose rules are gone'),
    server: serverParam(),
  },
  stays: 'kube-proxy would write the rules again within two seconds, so the fault stops kube-proxy first.',
  modes: ['iptables'],
  restart: 'heals',
  title: titleOf,
  symptom(values) {
    const { name, visitor } = partsOf(values.service);
    const report = {
      en: `Since this morning, the pod \`${visitor}\` on ${values.caller} reaches no service by name, not even
\`${name}\`. It still reaches the pod \`${name}\` by the address of that pod.`,
      ko: `오늘 아침부터 ${values.caller}에 있는 \`${visitor}\` 파드가 \`${name}\` 서비스를 포함한 어떤 서비스에도 이름으로 접속하지 못합니다. \`${name}\`
파드의 주소로는 접속됩니다.`,
    };
    return symptomOf(values, report);
  },
  cause: ({ caller }) => ({
    en: `On ${caller}, somebody flushed the chain KUBE-SERVICES, so no packet was sent on to a service: not even to
the cluster DNS, which has a service
address, too. kube-proxy would have repaired the chain within two seconds, but it was stopped.`,
    ko: `${caller}에서 누군가 KUBE-SERVICES 체인을 비웠습니다. 그래서 어떤 서비스로도 패킷이 가지 못했습니다. 클러스터 DNS도 서비스 주소를 쓰므로 마찬가지입니다.
kube-proxy가 실행 중이었다면 2초 안에 체인을 고쳤겠지만, 멈춰 있었습니다.`,
  }),
  cure: () => ({
    en: `Names do not resolve on one node only: the address of the DNS is a service, so look at the services of
this node first. An empty
KUBE-SERVICES means that kube-proxy does not run there. Start it, and it writes everything again.`,
    ko: `한 노드에서만 이름을 찾지 못하면 그 노드의 서비스부터 보세요. DNS의 주소도 서비스이기 때문입니다. KUBE-SERVICES가 비어 있다면 그 노드에서 kube-proxy가
실행되지 않는 것입니다. kube-proxy를 시작하면 모든 규칙을 다시 만듭니다.`,
  }),
  hints: ({ caller }) => [
    {
      en: 'The name is looked up at 10.96.0.10 or a similar address. Which kind of address is this?',
      ko: '이름은 10.96.0.10과 같은 주소에 물어봅니다. 이것은 어떤 종류의 주소입니까?',
    },
    {
      en: `How many rules does the first chain of services have? Compare with another node:

\`\`\`${caller}
iptables -t nat -L KUBE-SERVICES | cut -c1-76
\`\`\``,
      ko: `서비스의 첫 체인에 규칙이 몇 개 있습니까? 다른 노드와 비교하세요.

\`\`\`${caller}
iptables -t nat -L KUBE-SERVICES | cut -c1-76
\`\`\``,
    },
  ],
  checks: (values) => [answersCheck(values), everywhereCheck(values), runsCheck(values.caller, 'kube-proxy')],
  scene: ({ service, caller, server }) => ({ service, caller, server }),
  async break(lab, { service, caller }) {
    await untilRule(lab, caller, `${service} ->`);
    await lab.node(caller).systemctl('stop', 'kube-proxy');
    const rules = await rulesWith(lab, caller, '-A KUBE-SERVICES ', '');
    const inNat = rules.filter((rule) => / -j KUBE-(SVC|NODEPORTS)/.test(rule));
    const deletions = inNat.map((rule) => rule.replace('-A', '-D'));
    await lab.node(caller).restoreRules(`*nat\n${deletions.join('\n')}\nCOMMIT\n`);
  },
  mend: (lab, { caller }) => startUnit(lab, caller, 'kube-proxy'),
});
