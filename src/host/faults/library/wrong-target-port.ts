// The service sends packets to a port of the pod where nothing listens.
import type { LabHandle, Service } from '../../../api/script.ts';
import { defineFault } from '../fault.ts';
import { callerParam, portParam, serverParam, serviceParam } from '../params.ts';
import { answersCheck, failsFrom, selectsCheck, symptomOf, titleOf } from '../say.ts';
import { partsOf } from '../scene.ts';

export const wrongTargetPort = defineFault({
  name: 'wrong-target-port',
  summary: 'The targetPort of the service is a port of the pod where nothing listens.',
  params: {
    service: serviceParam('shop/orders'),
    caller: callerParam(),
    server: serverParam(),
    port: portParam('The wrong port.', 8080),
  },
  stays: 'The API server keeps the port.',
  restart: 'keeps',
  title: titleOf,
  symptom: (values) => symptomOf(values, failsFrom(values)),
  cause: ({ service, port }) => ({
    en: `The service ${partsOf(service).name} had the targetPort ${port}, and the program in the pod listens on
port 80. The rules were right: packets
arrived at the pod, and the pod itself refused the connection.`,
    ko: `${partsOf(service).name} 서비스의 targetPort는 ${port}이었지만 파드의 프로그램은 포트 80에서 리스닝합니다. 규칙에는 문제가 없어서 패킷이
파드까지 갔고, 연결을 거부한 것은 파드 자신입니다.`,
  }),
  cure: () => ({
    en: `There are endpoints, and still the connection is refused at once: call the pod by its own address, on the
port of the endpoint and on the port
where its program listens. If only the second call works, correct the targetPort.`,
    ko: `엔드포인트가 있는데도 연결이 바로 거부되면, 파드의 주소로 직접 접속해 보세요. 엔드포인트의 포트와 프로그램이 리스닝하는 포트를 각각 시도합니다.
뒤의 것만 된다면 targetPort를 고치세요.`,
  }),
  hints({ service, controlPlane }) {
    const { namespace, name } = partsOf(service);
    const look = `\`\`\`${controlPlane}
kubectl -n ${namespace} get endpointslices
kubectl -n ${namespace} exec ${name} -- cat /run/nginx.conf
\`\`\``;
    return [
      {
        en: 'A connection that is refused at once was answered by somebody. Which machine or pod answered?',
        ko: '연결이 바로 거부되었다면 누군가 응답한 것입니다. 어느 머신이나 파드가 응답했습니까?',
      },
      {
        en: `Which port has the endpoint, and on which port does the program listen?\n\n${look}`,
        ko: `엔드포인트의 포트는 몇 번이고, 프로그램은 어느 포트에서 리스닝합니까?\n\n${look}`,
      },
    ];
  },
  checks: (values) => [answersCheck(values), selectsCheck(values)],
  scene: ({ service, caller, server }) => ({ service, caller, server }),
  break: (lab, { service, port }) => setTargetPort(lab, service, port),
  mend: (lab, { service }) => setTargetPort(lab, service, 80),
});

const setTargetPort = async (lab: LabHandle, service: string, targetPort: number): Promise<void> => {
  const { namespace, name } = partsOf(service);
  const present = await lab.object<Service>(`service/${service}`);
  if (!present) return;
  const patch = [{ op: 'replace', path: '/spec/ports/0/targetPort', value: targetPort }];
  await lab.kubectl('patch', `service/${name}`, '-n', namespace, '--type=json', '-p', JSON.stringify(patch));
};
