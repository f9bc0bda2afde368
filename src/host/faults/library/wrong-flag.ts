// A flag of kube-proxy keeps node ports closed on a node.
import { defineFault } from '../fault.ts';
import { addProxyFlag, dropProxyFlag } from '../node.ts';
import { callerParam, serverParam, serviceParam } from '../params.ts';
import { symptomOf, titleOf } from '../say.ts';
import { partsOf } from '../scene.ts';

const flag = '--nodeport-addresses=127.0.0.0/8';

export const wrongFlag = defineFault({
  name: 'wrong-flag',
  summary: `kube-proxy of a node has the flag ${flag}, so its node ports answer on no other address.`,
  params: {
    service: serviceParam('shop/kiosk'),
    caller: callerParam(', whose kube-proxy gets the flag'),
    server: serverParam(),
  },
  stays: 'Nothing writes the unit while the lab runs.',
  restart: 'heals',
  title: titleOf,
  symptom(values) {
    const { namespace, name } = partsOf(values.service);
    const commands = `IP=$(kubectl get node ${values.caller} -o jsonpath='{.status.addresses[0].address}')
PORT=$(kubectl -n ${namespace} get service ${name} \\
  -o jsonpath='{.spec.ports[0].nodePort}')
curl -sS -m 2 "http://$IP:$PORT/"`;
    const report = {
      en: `The service \`${name}\` in the namespace \`${namespace}\` has a node port. It works on ${values.server}.
On ${values.caller}, it does not work.`,
      ko: `\`${namespace}\` 네임스페이스의 \`${name}\` 서비스에는 노드 포트가 있습니다. ${values.server}에서는 동작하지만 ${values.caller}에서는
동작하지 않습니다.`,
    };
    return symptomOf(values, report, commands);
  },
  cause: ({ caller }) => ({
    en: `kube-proxy of ${caller} had the flag \`${flag}\`. Its rules let node ports answer only on addresses in
this range, so packets
to the node's own address met no rule. The cluster IP has other rules, and worked.`,
    ko: `${caller}의 kube-proxy에 \`${flag}\` 플래그가 있었습니다. 이 범위의 주소에서만 노드 포트가 응답하므로, 노드의 주소로 온 패킷과 일치하는
규칙이 없었습니다. ClusterIP는 다른 규칙을 사용하므로 동작했습니다.`,
  }),
  cure: () => ({
    en: `The service works by its cluster IP and on the node ports of other nodes: compare the rules for node ports
and the flags of kube-proxy between
the nodes. Take the flag out of the unit, then \`systemctl daemon-reload\` and restart kube-proxy.`,
    ko: `ClusterIP와 다른 노드의 노드 포트로는 동작한다면, 노드 포트의 규칙과 kube-proxy의 플래그를 노드끼리 비교하세요. 유닛에서 플래그를 지우고
\`systemctl daemon-reload\`를 실행한 다음 kube-proxy를 다시 시작하세요.`,
  }),
  hints: ({ caller, server }) => [
    {
      en: `Which rules lead to node ports? Compare ${caller} with ${server}:

\`\`\`${caller}
iptables-save -t nat | grep -e '-j KUBE-NODEPORTS'
\`\`\``,
      ko: `어느 규칙이 노드 포트로 이어집니까? ${caller} 노드를 ${server} 노드와 비교하세요.

\`\`\`${caller}
iptables-save -t nat | grep -e '-j KUBE-NODEPORTS'
\`\`\``,
    },
    {
      en: `With which flags does kube-proxy run?

\`\`\`${caller}
ps -o args= -C kube-proxy | xargs -n 1
\`\`\``,
      ko: `kube-proxy는 어떤 플래그로 실행됩니까?\n\n\`\`\`${caller}\nps -o args= -C kube-proxy | xargs -n 1\n\`\`\``,
    },
  ],
  checks({ service, caller, server }) {
    const { namespace, name } = partsOf(service);
    const to = `\${node/${caller}:.status.addresses[0].address}:\${service/${service}:.spec.ports[0].nodePort}`;
    return [
      {
        id: 'answers',
        type: 'http',
        reveal: 'symptom',
        title: {
          en: `The node port of ${name} answers on ${caller}`,
          ko: `${caller}에서 ${name}의 노드 포트가 응답한다`,
        },
        points: 2,
        within: '2s',
        from: `node/${server}`,
        url: `http://${to}/`,
        lands: `pod/${namespace}/${name}`,
      },
      {
        id: 'next',
        type: 'process',
        reveal: 'nothing',
        title: { en: 'The node ports of the next service will answer, too', ko: '다음 서비스의 노드 포트도 응답한다' },
        needs: 'answers',
        not: true,
        on: `node/${caller}`,
        name: 'kube-proxy',
        arguments: '/--nodeport-addresses/',
      },
      {
        id: 'runs',
        type: 'process',
        reveal: 'nothing',
        title: { en: `kube-proxy works on ${caller}`, ko: `${caller}에서 kube-proxy가 동작한다` },
        needs: 'answers',
        on: `node/${caller}`,
        name: 'kube-proxy',
      },
    ];
  },
  scene: ({ service, caller, server }) => ({ service, caller, server, nodePort: true }),
  break: (lab, { caller }) => addProxyFlag(lab, caller, flag),
  mend: (lab, { caller }) => dropProxyFlag(lab, caller, flag),
});
