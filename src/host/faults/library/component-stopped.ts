// kube-proxy is stopped on a node before the service is made, so the node has no rules for it.
import { defineFault } from '../fault.ts';
import { startUnit } from '../node.ts';
import { callerParam, serverParam, serviceParam } from '../params.ts';
import { answersCheck, everywhereCheck, runsCheck, symptomOf, titleOf } from '../say.ts';
import { partsOf, renewService } from '../scene.ts';

export const componentStopped = defineFault({
  name: 'component-stopped',
  summary: 'kube-proxy is stopped on the node of the caller, and the service is made afterwards.',
  params: {
    service: serviceParam('shop/stock'),
    caller: callerParam(', whose kube-proxy is stopped'),
    server: serverParam(),
  },
  stays: 'systemd starts a unit again only if it failed, not if somebody stopped it.',
  restart: 'heals',
  title: titleOf,
  symptom(values) {
    const { name, visitor } = partsOf(values.service);
    return symptomOf(values, {
      en: `The pod \`${visitor}\` on ${values.caller} does not reach the new service \`${name}\`. It still reaches
older services.`,
      ko: `${values.caller}에 있는 \`${visitor}\` 파드가 새로 만든 \`${name}\` 서비스에 접속하지 못합니다. 예전부터 있던 서비스에는 접속됩니다.`,
    });
  },
  cause: ({ service, caller }) => ({
    en: `kube-proxy was stopped on ${caller} before ${partsOf(service).name} was made. The rules of older services
stayed in the kernel, and worked. For the
new address there was no rule, so packets kept their destination, which no machine has: the connection timed out.`,
    ko: `${partsOf(service).name} 서비스가 만들어지기 전부터 ${caller}의 kube-proxy가 멈춰 있었습니다. 예전 서비스의 규칙은 커널에 남아 있어서 동작했습니다. 새 주소에는
규칙이 없어 패킷의 목적지가 바뀌지 않았고, 그 주소는 어느 머신에도 없으므로 연결 시간이 초과되었습니다.`,
  }),
  cure: () => ({
    en: `It fails from one node only: compare the rules of the nodes. If one node has no rules for the service,
look at its kube-proxy: does it run,
and what does its log say? Start it. Rules written by hand would mend this service, and not the next one.`,
    ko: `한 노드에서만 실패하면 노드들의 규칙을 비교하세요. 한 노드에 그 서비스의 규칙이 없다면 그 노드의 kube-proxy가 실행 중인지 보고 로그를 읽으세요.
그런 다음 시작하세요. 규칙을 손으로 만들면 이 서비스만 고쳐지고 다음 서비스는 고쳐지지 않습니다.`,
  }),
  hints({ service, caller }) {
    const look = `\`\`\`${caller}
iptables-save -t nat | grep ${service} | cut -c1-150
\`\`\``;
    const unit = `\`\`\`${caller} fails
systemctl --no-pager status kube-proxy
\`\`\``;
    return [
      {
        en: `Does ${caller} have rules for the service? Compare with another node:\n\n${look}`,
        ko: `${caller}에 이 서비스의 규칙이 있습니까? 다른 노드와 비교하세요.\n\n${look}`,
      },
      {
        en: `Which component should have written the rules? Look at its state:\n\n${unit}`,
        ko: `이 규칙은 어느 구성 요소가 만들어야 합니까? 그 구성 요소의 상태를 보세요.\n\n${unit}`,
      },
    ];
  },
  checks: (values) => [answersCheck(values), everywhereCheck(values), runsCheck(values.caller, 'kube-proxy')],
  scene: ({ service, caller, server }) => ({ service, caller, server }),
  async break(lab, { service, caller }) {
    await lab.node(caller).systemctl('stop', 'kube-proxy');
    await renewService(lab, service);
  },
  mend: (lab, { caller }) => startUnit(lab, caller, 'kube-proxy'),
});
