// The cluster DNS is stopped.
import { defineFault } from '../fault.ts';
import { startUnit } from '../node.ts';
import { callerParam, serverParam, serviceParam } from '../params.ts';
import { answersCheck, runsCheck, symptomOf, titleOf } from '../say.ts';
import { partsOf } from '../scene.ts';

export const dnsDown = defineFault({
  name: 'dns-down',
  summary: 'The cluster DNS is stopped.',
  params: { service: serviceParam('shop/news'), caller: callerParam(), server: serverParam() },
  stays: 'systemd starts a unit again only if it failed, not if somebody stopped it.',
  restart: 'heals',
  title: titleOf,
  symptom: (values) => {
    const { namespace, name, visitor } = partsOf(values.service);
    return symptomOf(values, {
      en: `The pod \`${visitor}\` on ${values.caller} does not reach \`http://${name}/\` in the namespace
\`${namespace}\`. Pods on other nodes do not reach it either.`,
      ko: `${values.caller}에 있는 \`${visitor}\` 파드가 \`${namespace}\` 네임스페이스의 \`http://${name}/\`에 접속하지 못합니다. 다른 노드의
파드도 접속하지 못합니다.`,
    });
  },
  cause: ({ controlPlane }) => ({
    en: `The cluster DNS on ${controlPlane} was stopped. The service and its rules were right, and by the address
it worked. But no pod could turn a name into
an address, so connections by name never began.`,
    ko: `${controlPlane}의 클러스터 DNS가 멈춰 있었습니다. 서비스와 규칙은 올바르고 주소로는 접속되었습니다. 하지만 어떤 파드도 이름을 주소로 바꿀 수 없어서 이름으로는
연결을 시작하지도 못했습니다.`,
  }),
  cure: () => ({
    en: `Begin with the name: does it resolve? Then call the service by its address. If only the address works, the
name is the problem: look at the
service kube-dns, at its endpoint, and at the program there. A line in /etc/hosts would mend one name in one pod.`,
    ko: `이름부터 시작하세요. 이름이 주소로 바뀝니까? 그다음 서비스의 주소로 접속해 보세요. 주소로만 된다면 이름이 문제입니다. kube-dns 서비스와 엔드포인트, 그리고 거기서
실행되는 프로그램을 보세요. /etc/hosts에 한 줄을 추가하면 한 파드의 한 이름만 고쳐집니다.`,
  }),
  hints({ service, controlPlane }) {
    const { namespace, name, visitor } = partsOf(service);
    const byName = `\`\`\`${controlPlane} fails
kubectl -n ${namespace} exec ${visitor} -- dig +time=1 +tries=1 +search ${name}
\`\`\``;
    const units = `\`\`\`${controlPlane}
kubectl -n kube-system get endpoints kube-dns
systemctl --no-pager list-units --all '*dns*'
\`\`\``;
    return [
      {
        en: `What happens before the connection? Does the pod get an address for the name?\n\n${byName}`,
        ko: `연결하기 전에 어떤 일이 일어납니까? 파드가 이름의 주소를 얻습니까?\n\n${byName}`,
      },
      {
        en: `Who should answer, and does it run?\n\n${units}`,
        ko: `누가 응답해야 하고, 그 프로그램은 실행 중입니까?\n\n${units}`,
      },
    ];
  },
  checks(values) {
    const { namespace, visitor } = partsOf(values.service);
    return [
      answersCheck(values),
      {
        id: 'names',
        type: 'lookup',
        reveal: 'nothing',
        title: { en: 'Other names work, too', ko: '다른 이름도 주소로 바뀐다' },
        within: '2s',
        from: `pod/${namespace}/${visitor}`,
        name: 'kubernetes.default',
        address: `\${service/default/kubernetes:.spec.clusterIP}`,
      },
      {
        ...runsCheck(values.controlPlane, 'cluster-dns'),
        title: { en: 'The names of the next service will work, too', ko: '다음 서비스의 이름도 주소로 바뀐다' },
      },
    ];
  },
  scene: ({ service, caller, server }) => ({ service, caller, server }),
  break: (lab, { controlPlane }) => lab.node(controlPlane).systemctl('stop', 'cluster-dns'),
  mend: (lab, { controlPlane }) => startUnit(lab, controlPlane, 'cluster-dns'),
});
