// A node believes that half of another node's pod subnet is on its own bridge.
import type { LabHandle } from '../../../api/script.ts';
import { defineFault } from '../fault.ts';
import { addressOf, isWithin, podAddress, podSubnet } from '../node.ts';
import { callerParam, serverParam, serviceParam } from '../params.ts';
import { answersCheck, causeGone, failsFrom, symptomOf, titleOf } from '../say.ts';
import { partsOf } from '../scene.ts';

export const wrongCidr = defineFault({
  name: 'wrong-cidr',
  summary: 'The node of the caller has a route that sends a part of the other node’s pod subnet to its own bridge.',
  params: {
    service: serviceParam('shop/reviews'),
    caller: callerParam(', which gets the wrong route'),
    server: serverParam(),
  },
  stays: 'podnet leaves routes alone whose prefix length is another one than that of a pod subnet.',
  podNetworks: ['routes', 'vxlan'],
  restart: 'heals',
  title: titleOf,
  symptom: (values) => symptomOf(values, failsFrom(values)),
  cause: ({ caller, server }) => ({
    en: `On ${caller}, a route of length 25 led a part of the pod subnet of ${server} to the bridge cni0 of
${caller} itself. The longest prefix wins, so the
right route of length 24 was not used: ${caller} asked its own pods by ARP for the address, and none has it.`,
    ko: `${caller}에 길이가 25인 경로가 있어서 ${server}의 파드 서브넷 일부가 ${caller} 자신의 cni0 브리지로 연결되었습니다. 프리픽스가 더 긴 경로가 우선하므로 길이가 24인
올바른 경로는 사용되지 않았습니다. ${caller} 노드는 자신의 파드들에게 ARP로 이 주소를 물었고, 이 주소가 있는 파드는 없었습니다.`,
  }),
  cure: () => ({
    en: `The right route is there, and packets still do not arrive: \`ip route get ADDRESS\` shows which route is
really used. Delete the route that
is too specific. A route to the one pod would have mended only this pod.`,
    ko: `올바른 경로가 있는데도 패킷이 도착하지 않는다면, \`ip route get 주소\`로 실제로 사용되는 경로를 보세요. 지나치게 구체적인 경로를 지우세요. 이 파드로 가는
경로를 따로 추가하면 이 파드만 고쳐집니다.`,
  }),
  hints({ service, caller, controlPlane }) {
    const { namespace } = partsOf(service);
    const where = `\`\`\`${controlPlane}\nkubectl -n ${namespace} get pods -o wide | cut -c1-76\n\`\`\``;
    return [
      {
        en: `Does the pod answer by its own address? If it does not, the service is not the cause.\n\n${where}`,
        ko: `파드의 주소로 직접 접속하면 응답합니까? 응답하지 않으면 서비스는 원인이 아닙니다.\n\n${where}`,
      },
      {
        en: `Several routes can fit one address. Which one fits best?\n\n\`\`\`${caller}\nip route\n\`\`\``,
        ko: `한 주소와 일치하는 경로가 여럿일 수 있습니다. 가장 구체적인 것은 어느 것입니까?\n\n\`\`\`${caller}\nip route\n\`\`\``,
      },
    ];
  },
  checks: (values) => [
    answersCheck(values),
    { id: 'cause', type: 'script', reveal: 'nothing', title: causeGone, needs: 'answers' },
  ],
  looks: {
    async cause(lab, { caller, server }) {
      const [count, subnet] = [(await wrongRoutes(lab, caller, server)).length, await podSubnet(lab, server)];
      const observed = {
        en: `${count} other routes lead into ${subnet}`,
        ko: `${subnet} 서브넷으로 가는 다른 경로: ${count}개`,
      };
      const expected = {
        en: `all pods of ${server} are reached by one route`,
        ko: `하나의 경로로 ${server}의 모든 파드에 접속됨`,
      };
      return count === 0 ? { pass: true, observed } : { pass: false, expected, observed };
    },
  },
  scene: ({ service, caller, server }) => ({ service, caller, server }),
  async break(lab, { service, caller }) {
    const address = await podAddress(lab, service);
    const [first, second, third, last] = address.split('.').map(Number);
    const half = `${first}.${second}.${third}.${Number(last) < 128 ? 0 : 128}/25`;
    await lab.node(caller).$`ip route replace ${half} dev cni0`;
  },
  async mend(lab, { caller, server }) {
    const { $ } = lab.node(caller);
    for (const { destination } of await wrongRoutes(lab, caller, server)) await $`ip route del ${destination}`;
  },
  cheats: {
    async 'route-to-one-pod'(lab, { service, caller, server }) {
      const [pod, via] = [await podAddress(lab, service), await addressOf(lab, server)];
      await lab.node(caller).$`ip route replace ${pod}/32 via ${via}`;
    },
  },
});

/** The routes of a node into the pod subnet of another one, beside the route to the whole subnet. */
const wrongRoutes = async (lab: LabHandle, caller: string, server: string) => {
  const subnet = await podSubnet(lab, server);
  const { routes = [] } = await lab.node(caller).facts('routes');
  return routes.filter(
    ({ destination }) => destination !== subnet && isWithin(destination.split('/')[0] ?? '', subnet),
  );
};
