// The service's selector matches no pod.
import { defineFault } from '../fault.ts';
import { callerParam, serverParam, serviceParam } from '../params.ts';
import { answersCheck, failsFrom, selectsCheck, symptomOf, titleOf } from '../say.ts';
import { partsOf } from '../scene.ts';

export const selectorTypo = defineFault({
  name: 'selector-typo',
  summary: 'The selector of the service matches no pod.',
  params: { service: serviceParam('shop/cart'), caller: callerParam(), server: serverParam() },
  stays: 'The API server keeps the selector.',
  restart: 'keeps',
  title: titleOf,
  symptom: (values) => symptomOf(values, failsFrom(values)),
  cause({ service }) {
    const { name } = partsOf(service);
    return {
      en: `The selector of ${name} had a wrong value, so it matched no pod, and the service had no endpoints.
kube-proxy rejects packets for
such a service. That is why the connection was refused at once, and on every node.`,
      ko: `${name}의 셀렉터 값이 틀려서 일치하는 파드가 없었고, 서비스에 엔드포인트가 없었습니다. kube-proxy는 이런 서비스로 가는 패킷을 거부합니다.
그래서 모든 노드에서 연결이 바로 거부되었습니다.`,
    };
  },
  cure: () => ({
    en: `Refused at once on every node: look at the endpoints first. If there are none, compare the selector with
the labels of the pods, letter by
letter. You may correct the selector or the labels.`,
    ko: `모든 노드에서 바로 거부되면 먼저 엔드포인트를 보세요. 엔드포인트가 없으면 셀렉터와 파드의 레이블을 한 글자씩 비교하세요. 셀렉터를 고쳐도 되고
레이블을 고쳐도 됩니다.`,
  }),
  hints({ service, controlPlane }) {
    const { namespace, name } = partsOf(service);
    const look = `\`\`\`${controlPlane}
kubectl -n ${namespace} get endpointslices
kubectl -n ${namespace} get service ${name} -o wide
kubectl -n ${namespace} get pods --show-labels
\`\`\``;
    return [
      {
        en: 'Is the connection refused, or does it time out? Does it fail from every node?',
        ko: '연결이 거부됩니까, 시간이 초과됩니까? 모든 노드에서 실패합니까?',
      },
      {
        en: `Compare what the service looks for with what there is:\n\n${look}`,
        ko: `서비스가 찾는 것과 실제로 있는 것을 비교하세요.\n\n${look}`,
      },
    ];
  },
  checks: (values) => [answersCheck(values), selectsCheck(values)],
  scene: ({ service, caller, server }) => ({ service, caller, server }),
  async break(lab, { service }) {
    const { namespace, name } = partsOf(service);
    // A pod that a student gave this label would be found.
    await lab.kubectl('label', 'pods', '-n', namespace, '-l', `app=${typo(name)}`, 'app-');
    await lab.kubectl('set', 'selector', `service/${name}`, `app=${typo(name)}`, '-n', namespace);
  },
  async mend(lab, { service }) {
    const { namespace, name } = partsOf(service);
    if (await lab.object(`service/${service}`))
      await lab.kubectl('set', 'selector', `service/${name}`, `app=${name}`, '-n', namespace);
  },
  cheats: {
    async 'endpoints-by-hand'(lab, { service }) {
      const { namespace, name } = partsOf(service);
      const ip = await lab.kubectl('get', 'pod', name, '-n', namespace, '-o', 'jsonpath={.status.podIP}');
      await lab.kubectl(
        'patch',
        `service/${name}`,
        '-n',
        namespace,
        '--type=merge',
        '-p',
        '{"spec":{"selector":null}}',
      );
      const subsets = [{ addresses: [{ ip }], ports: [{ port: 80 }] }];
      const metadata = { namespace, name };
      await lab.kubectl('delete', 'endpoints', name, '-n', namespace, '--ignore-not-found');
      await lab.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Endpoints', metadata, subsets }));
    },
  },
});

/** Two letters in the wrong order: `cart` → `catr`. */
const typo = (name: string): string =>
  name.length < 3 ? `${name}x` : `${name.slice(0, -2)}${name.at(-1)}${name.at(-2)}`;
