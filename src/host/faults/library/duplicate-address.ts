// A node has the address of a pod that runs elsewhere.
import type { LabHandle } from '../../../api/script.ts';
import { defineFault } from '../fault.ts';
import { isWithin, podAddress, podSubnet } from '../node.ts';
import { callerParam, serverParam, serviceParam } from '../params.ts';
import { answersCheck, causeGone, symptomOf, titleOf } from '../say.ts';
import { partsOf } from '../scene.ts';

export const duplicateAddress = defineFault({
  name: 'duplicate-address',
  summary: 'The loopback interface of the caller’s node has the address of the pod that serves.',
  params: {
    service: serviceParam('shop/basket'),
    caller: callerParam(', which gets the address'),
    server: serverParam(),
  },
  stays: 'podnet looks at the addresses of cni0 only.',
  restart: 'heals',
  title: titleOf,
  symptom(values) {
    const { namespace, name, visitor } = partsOf(values.service);
    return symptomOf(values, {
      en: `The service \`${name}\` in the namespace \`${namespace}\` works from ${values.server}. For the pod
\`${visitor}\` on ${values.caller}, the connection fails.`,
      ko: `\`${namespace}\` 네임스페이스의 \`${name}\` 서비스는 ${values.server}에서는 동작합니다. ${values.caller}에 있는 \`${visitor}\`
파드에서는 연결되지 않습니다.`,
    });
  },
  cause: ({ service, caller }) => ({
    en: `The loopback interface of ${caller} had the address of the pod ${partsOf(service).name}. The kernel looks
at its own addresses before all routes, so
${caller} took the packets for its own. Nothing listens there on port 80: ${caller} itself refused the connection.`,
    ko: `${caller}의 루프백 인터페이스에 ${partsOf(service).name} 파드의 주소가 있었습니다. 커널은 모든 경로보다 자신의 주소를 먼저 봅니다. 그래서
${caller} 노드는 패킷을 자신에게 온
것으로 처리했습니다. 거기서는 아무것도 포트 80에서 리스닝하지 않으므로 ${caller} 자신이 연결을 거부했습니다.`,
  }),
  cure: () => ({
    en: `Rules and routes are right, and still the pod does not see the packets: ask \`ip route get ADDRESS\`.
\`local\` means that the node has the
address itself. Search the interfaces for it, and delete it there. A new pod with another address would only hide
the fault.`,
    ko: `규칙과 경로가 올바른데도 파드에 패킷이 오지 않는다면 \`ip route get 주소\`를 실행하세요. \`local\`은 노드 자신에 그 주소가 있다는 뜻입니다. 어느 인터페이스에
있는지 찾아 지우세요. 다른 주소로 파드를 다시 만드는 것은 고장을 숨길 뿐입니다.`,
  }),
  hints({ service, caller, controlPlane }) {
    const { namespace } = partsOf(service);
    const where = `\`\`\`${controlPlane}\nkubectl -n ${namespace} get pods -o wide | cut -c1-76\n\`\`\``;
    return [
      {
        en: `A connection that is refused at once was answered by somebody. By the pod? Compare with the pod's own
address:

${where}`,
        ko: `연결이 바로 거부되었다면 누군가 응답한 것입니다. 파드가 응답했습니까? 파드의 주소로도 접속해 보세요.\n\n${where}`,
      },
      {
        en: `Which machine has the address? Look at all interfaces of ${caller}:

\`\`\`${caller}
ip -brief -4 address
\`\`\``,
        ko: `이 주소가 있는 머신은 어느 것입니까? ${caller}의 모든 인터페이스를 보세요.\n\n\`\`\`${caller}\nip -brief -4 address\n\`\`\``,
      },
    ];
  },
  checks: (values) => [
    answersCheck(values),
    { id: 'cause', type: 'script', reveal: 'nothing', title: causeGone, needs: 'answers' },
  ],
  looks: {
    async cause(lab, { caller, server }) {
      const count = (await foreignAddresses(lab, caller, server)).length;
      const observed = {
        en: `${caller} has ${count} addresses of pods of ${server}`,
        ko: `${caller}에 있는 ${server} 파드의 주소: ${count}개`,
      };
      const expected = { en: 'each address is on one machine only', ko: '각 주소가 한 머신에만 있음' };
      return count === 0 ? { pass: true, observed } : { pass: false, expected, observed };
    },
  },
  scene: ({ service, caller, server }) => ({ service, caller, server }),
  async break(lab, { service, caller }) {
    await lab.node(caller).$`ip address replace ${await podAddress(lab, service)}/32 dev lo`;
  },
  async mend(lab, { caller, server }) {
    const { $ } = lab.node(caller);
    for (const { address, device } of await foreignAddresses(lab, caller, server))
      await $`ip address del ${address} dev ${device}`;
  },
  cheats: {
    async 'new-pod'(lab, { service, server }) {
      const { namespace, name } = partsOf(service);
      await lab.kubectl('delete', 'pod', name, '-n', namespace, '--grace-period=1');
      await lab.apply(
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name, namespace, labels: { app: name } },
          spec: { nodeName: server, containers: [{ name: 'web', image: 'web' }] },
        }),
      );
      await podAddress(lab, service);
    },
  },
});

/** Addresses of a node's interfaces that belong to the pods of another node. */
const foreignAddresses = async (lab: LabHandle, caller: string, server: string) => {
  const subnet = await podSubnet(lab, server);
  const { links = [] } = await lab.node(caller).facts('links');
  return links.flatMap(({ name: device, addresses }) =>
    addresses
      .filter(({ address }) => isWithin(address, subnet))
      .map(({ address, prefix }) => ({ address: `${address}/${prefix}`, device })),
  );
};
