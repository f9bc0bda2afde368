// A network policy does not allow traffic that it should. Nothing in labs enforces policies, so no packet is lost.
import { defineFault } from '../fault.ts';
import { callerParam, serverParam, serviceParam } from '../params.ts';
import { titleOf } from '../say.ts';
import { partsOf } from '../scene.ts';

export const policyTooTight = defineFault({
  name: 'policy-too-tight',
  summary: 'A network policy lets only pods with another label in. No part of labs enforces it.',
  params: { service: serviceParam('shop/vault'), caller: callerParam(), server: serverParam() },
  stays: 'The API server keeps the policy.',
  drawn: false,
  restart: 'keeps',
  title: titleOf,
  symptom({ service, controlPlane }) {
    const { namespace, name, visitor } = partsOf(service);
    return {
      en: `The manifests of this namespace go to another cluster, whose network plugin enforces network policies.
From there, a user reports:

> The pod \`${visitor}\` does not reach the pod \`${name}\` on port 80. All other pods must stay locked out.

This cluster enforces no policies, so here the call succeeds:

\`\`\`${controlPlane}
kubectl -n ${namespace} exec ${visitor} -- curl -sS -m 2 http://${name}/
\`\`\`

Find out by the objects why the other cluster refuses it, and correct them.
`,
      ko: `이 네임스페이스의 매니페스트는 네트워크 플러그인이 네트워크 정책을 강제하는 다른 클러스터에서도 사용됩니다. 그곳의 사용자가 다음과 같이 알려 왔습니다.

> \`${visitor}\` 파드가 \`${name}\` 파드의 포트 80에 접속하지 못합니다. 다른 파드는 계속 접속할 수 없어야 합니다.

이 클러스터는 정책을 강제하지 않으므로 여기서는 접속됩니다.

\`\`\`${controlPlane}
kubectl -n ${namespace} exec ${visitor} -- curl -sS -m 2 http://${name}/
\`\`\`

다른 클러스터에서 거부되는 이유를 객체에서 찾아 고치세요.
`,
    };
  },
  cause: ({ service }) => ({
    en: `The policy of the pod ${partsOf(service).name} let only pods with the label \`role=admin\` in. A pod that
any policy selects refuses everything that no policy
allows.`,
    ko: `${partsOf(service).name} 파드의 정책은 \`role=admin\` 레이블이 있는 파드만 허용했습니다. 어떤 정책이든 파드를 선택하면, 그 파드는 정책이 허용하지 않는 것을
모두 거부합니다.`,
  }),
  cure: () => ({
    en: `Look for the policies that select the pod, and compare their \`from\` with the labels of the pod that
calls. Allow this pod, and nobody else.
Deleting the policy would let everybody in.`,
    ko: `파드를 선택하는 정책을 찾아, 정책의 \`from\`과 접속하려는 파드의 레이블을 비교하세요. 그 파드만 허용하세요. 정책을 지우면 모든 파드가 접속할 수 있게 됩니다.`,
  }),
  hints({ service, controlPlane }) {
    const { namespace } = partsOf(service);
    const look = `\`\`\`${controlPlane}
kubectl -n ${namespace} describe networkpolicies
kubectl -n ${namespace} get pods --show-labels
\`\`\``;
    return [
      {
        en: `Whom do the policies let in, and which labels has the pod that calls?\n\n${look}`,
        ko: `정책은 누구를 허용하고, 접속하려는 파드에는 어떤 레이블이 있습니까?\n\n${look}`,
      },
    ];
  },
  checks({ service }) {
    const { namespace, name, visitor } = partsOf(service);
    return [
      {
        id: 'answers',
        type: 'policy',
        reveal: 'symptom',
        title: { en: `The pod ${visitor} may reach ${name}`, ko: `${visitor} 파드가 ${name}에 접속할 수 있다` },
        points: 2,
        from: `pod/${namespace}/${visitor}`,
        to: `pod/${namespace}/${name}`,
        port: 80,
        expect: 'allowed',
      },
      {
        id: 'others',
        type: 'policy',
        reveal: 'nothing',
        title: { en: 'All others stay locked out', ko: '다른 파드는 접속할 수 없다' },
        from: `pod/${namespace}/${stranger(name)}`,
        to: `pod/${namespace}/${name}`,
        port: 80,
        expect: 'denied',
      },
    ];
  },
  scene: ({ service, caller, server }) => ({ service, caller, server }),
  async break(lab, { service, server }) {
    const { namespace, name } = partsOf(service);
    const spec = {
      nodeName: server,
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'toolbox', image: 'toolbox' }],
    };
    const metadata = { namespace, name: stranger(name), labels: { app: stranger(name) } };
    await lab.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec }));
    await lab.apply(policyOf(namespace, name, { role: 'admin' }));
    const ready = ['wait', '--for=condition=Ready', `pod/${stranger(name)}`, '-n', namespace, '--timeout=60s'];
    await lab.kubectl(...ready);
  },
  async mend(lab, { service }) {
    const { namespace, name, visitor } = partsOf(service);
    if (await lab.object(`namespace/${namespace}`)) await lab.apply(policyOf(namespace, name, { app: visitor }));
  },
  cheats: {
    async 'no-policy'(lab, { service }) {
      const { namespace, name } = partsOf(service);
      await lab.kubectl('delete', 'networkpolicy', name, '-n', namespace);
    },
  },
});

/** A pod that must stay locked out. */
const stranger = (name: string): string => `${name}-stranger`;

const policyOf = (namespace: string, name: string, matchLabels: Readonly<Record<string, string>>): string =>
  JSON.stringify({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace, name },
    spec: {
      podSelector: { matchLabels: { app: name } },
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ podSelector: { matchLabels } }], ports: [{ port: 80 }] }],
    },
  });
