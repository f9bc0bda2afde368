// The pod runs, but its readiness probe fails, so the service does not use it.
import type { LabHandle } from '../../../api/script.ts';
import { defineFault } from '../fault.ts';
import { callerParam, serverParam, serviceParam } from '../params.ts';
import { answersCheck, causeGone, failsFrom, symptomOf, titleOf } from '../say.ts';
import { partsOf } from '../scene.ts';

export const unreadyEndpoint = defineFault({
  name: 'unready-endpoint',
  summary: 'The readiness probe of the pod asks for a wrong port, so the service has no ready endpoint.',
  params: { service: serviceParam('shop/search'), caller: callerParam(), server: serverParam() },
  stays: 'The Deployment keeps the probe.',
  restart: 'keeps',
  title: titleOf,
  symptom: (values) => symptomOf(values, failsFrom(values)),
  cause: ({ service }) => ({
    en: `The readiness probe of the pod asked for port 8081, where nothing listens. So the pod was running and
never ready, and the address of
${partsOf(service).name} led to no endpoint. kube-proxy only uses ready endpoints.`,
    ko: `파드의 준비성 프로브가 아무것도 리스닝하지 않는 포트 8081을 검사했습니다. 그래서 파드는 실행 중이지만 준비되지 않았고, ${partsOf(service).name}의 주소에는
사용할 엔드포인트가 없었습니다. kube-proxy는 준비된 엔드포인트만 사용합니다.`,
  }),
  cure: () => ({
    en: `A service without ready endpoints whose selector matches: look at READY in the list of pods, and at the
events of the pod. Correct the probe in
the template of the Deployment, which then makes a new pod. \`publishNotReadyAddresses\` would only hide the fault.`,
    ko: `셀렉터는 맞는데 준비된 엔드포인트가 없으면, 파드 목록의 READY 열과 파드의 이벤트를 보세요. 디플로이먼트의 템플릿에서 프로브를 고치면 새 파드가
만들어집니다. \`publishNotReadyAddresses\`는 고장을 숨길 뿐입니다.`,
  }),
  hints({ service, controlPlane }) {
    const { namespace, name } = partsOf(service);
    const look = `\`\`\`${controlPlane}
kubectl -n ${namespace} get pods
kubectl -n ${namespace} describe pods -l app=${name} | tail -n 5
\`\`\``;
    return [
      {
        en: 'The pod runs. Is that enough for a service to send packets to it?',
        ko: '파드는 실행 중입니다. 그것만으로 서비스가 파드에 패킷을 보냅니까?',
      },
      {
        en: `Read the column READY, and what the kubelet says about the pod:\n\n${look}`,
        ko: `READY 열을 보고, kubelet이 파드에 대해 기록한 내용을 읽으세요.\n\n${look}`,
      },
    ];
  },
  checks(values) {
    const { namespace, name } = partsOf(values.service);
    const pod = `pod/${namespace}/app=${name}`;
    return [
      answersCheck(values, pod),
      {
        id: 'cause',
        type: 'object',
        reveal: 'nothing',
        title: causeGone,
        within: '5s',
        object: pod,
        where: [{ path: '.status.conditions[?(@.type=="Ready")].status', equals: 'True' }],
      },
    ];
  },
  scene: ({ service, caller, server }) => ({ service, caller, server, deployment: true }),
  break: (lab, { service }) => setProbe(lab, service, 8081),
  mend: (lab, { service }) => setProbe(lab, service, 80),
  cheats: {
    async 'publish-not-ready'(lab, { service }) {
      const { namespace, name } = partsOf(service);
      const patch = '{"spec":{"publishNotReadyAddresses":true}}';
      await lab.kubectl('patch', `service/${name}`, '-n', namespace, '--type=merge', '-p', patch);
    },
  },
});

/** The new pod takes the place of the old one at once, so that nothing of the old one answers. */
const setProbe = async (lab: LabHandle, service: string, port: number): Promise<void> => {
  const { namespace, name } = partsOf(service);
  if (!(await lab.object(`deployment/${service}`))) return;
  const readinessProbe = { httpGet: { path: '/healthz', port }, periodSeconds: 1 };
  const template = { spec: { containers: [{ name: 'web', readinessProbe }] } };
  const patch = JSON.stringify({ spec: { strategy: { type: 'Recreate', rollingUpdate: null }, template } });
  await lab.kubectl('patch', `deployment/${name}`, '-n', namespace, '-p', patch);
  await lab.until({ en: `${name} has one new pod`, ko: `${name}의 새 파드가 하나임` }, async () => {
    const words = ['get', 'pods', '-n', namespace, '-l', `app=${name}`];
    const ports = await lab.kubectl(
      ...words,
      '-o',
      'jsonpath={.items[*].spec.containers[0].readinessProbe.httpGet.port}',
    );
    return ports.trim() === String(port);
  });
};
