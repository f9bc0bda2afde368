// A node has no route to the pods of another node.
import { defineFault } from '../fault.ts';
import { podSubnet, startUnit } from '../node.ts';
import { callerParam, serverParam, serviceParam } from '../params.ts';
import { answersCheck, causeGone, failsFrom, runsCheck, symptomOf, titleOf } from '../say.ts';
import { partsOf } from '../scene.ts';

export const missingRoute = defineFault({
  name: 'missing-route',
  summary: 'The node of the caller has no route to the pods of the other node, and podnet is stopped.',
  params: {
    service: serviceParam('shop/gallery'),
    caller: callerParam(', which loses the route'),
    server: serverParam(),
  },
  stays: 'podnet would add the route again within two seconds, so the fault stops podnet first.',
  podNetworks: ['routes', 'vxlan'],
  restart: 'heals',
  title: titleOf,
  symptom: (values) => symptomOf(values, failsFrom(values)),
  cause: ({ service, caller, server }) => ({
    en: `${caller} had no route to the pods of ${server}. The rules were right: they gave packets for
${partsOf(service).name} the address of its pod. But then ${caller}
sent them to the default gateway, where no such address is known. podnet, which adds these routes, was stopped.`,
    ko: `${caller}에 ${server}의 파드로 가는 경로가 없었습니다. 규칙은 올바르게 ${partsOf(service).name} 서비스로 가는 패킷의 목적지를 파드 주소로 바꾸었습니다. 하지만
그다음 ${caller} 노드는
패킷을 기본 게이트웨이로 보냈고, 거기에는 그 주소를 아는 머신이 없습니다. 이 경로를 추가하는 podnet이 멈춰 있었습니다.`,
  }),
  cure: () => ({
    en: `The rules are right, and the pod does not answer by its own address either: look at the path.
\`ip route get ADDRESS\` on the node says
where a packet goes next. Start podnet: it adds the routes, also those to nodes that join later.`,
    ko: `규칙은 올바른데 파드의 주소로 직접 접속해도 응답이 없다면 경로를 보세요. 노드에서 \`ip route get 주소\`를 실행하면 패킷이 다음에 어디로 가는지 나옵니다.
podnet을 시작하면 나중에 추가될 노드로 가는 경로까지 만듭니다.`,
  }),
  hints({ service, caller, controlPlane }) {
    const { namespace } = partsOf(service);
    const where = `\`\`\`${controlPlane}\nkubectl -n ${namespace} get pods -o wide | cut -c1-76\n\`\`\``;
    const look = `\`\`\`${caller}\nip route\nsystemctl --no-pager list-units --all 'kube*' 'podnet*'\n\`\`\``;
    return [
      {
        en: `Does the pod answer by its own address? If it does not, the service is not the cause.\n\n${where}`,
        ko: `파드의 주소로 직접 접속하면 응답합니까? 응답하지 않으면 서비스는 원인이 아닙니다.\n\n${where}`,
      },
      {
        en: `Which route do packets for the pod take on ${caller}? Which component adds routes?\n\n${look}`,
        ko: `${caller}에서 파드로 가는 패킷은 어느 경로를 지납니까? 경로를 추가하는 구성 요소는 무엇입니까?\n\n${look}`,
      },
    ];
  },
  checks: (values) => [
    answersCheck(values),
    {
      id: 'cause',
      type: 'route',
      reveal: 'nothing',
      title: causeGone,
      within: '3s',
      on: `node/${values.caller}`,
      to: `\${node/${values.server}:.spec.podCIDR}`,
    },
    {
      ...runsCheck(values.caller, 'podnet'),
      title: { en: 'The pods of the next node will be reachable, too', ko: '다음에 추가될 노드의 파드에도 접속된다' },
    },
  ],
  scene: ({ service, caller, server }) => ({ service, caller, server }),
  async break(lab, { caller, server }) {
    await lab.node(caller).systemctl('stop', 'podnet');
    await lab.node(caller).$`ip route del ${await podSubnet(lab, server)}`.nothrow();
  },
  mend: (lab, { caller }) => startUnit(lab, caller, 'podnet'),
});
