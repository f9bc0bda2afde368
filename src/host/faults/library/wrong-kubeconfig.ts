// kube-proxy of a node asks for the API server at a port where nobody answers.
import { defineFault } from '../fault.ts';
import { setApiPort } from '../node.ts';
import { callerParam, portParam, serverParam, serviceParam } from '../params.ts';
import { answersCheck, causeGone, everywhereCheck, symptomOf, titleOf } from '../say.ts';
import { partsOf, renewService } from '../scene.ts';

/** The port of the API server in every lab. */
const apiPort = 6443;

export const wrongKubeconfig = defineFault({
  name: 'wrong-kubeconfig',
  summary: 'The kubeconfig of kube-proxy on the node of the caller names a wrong port of the API server.',
  params: {
    service: serviceParam('shop/billing'),
    caller: callerParam(', whose kube-proxy gets the wrong file'),
    server: serverParam(),
    port: portParam('The wrong port.', 6444),
  },
  stays: 'Nothing writes the file while the lab runs.',
  restart: 'heals',
  title: titleOf,
  symptom(values) {
    const { name, visitor } = partsOf(values.service);
    return symptomOf(values, {
      en: `The pod \`${visitor}\` on ${values.caller} does not reach the new service \`${name}\`. All components of
${values.caller} run.`,
      ko: `${values.caller}에 있는 \`${visitor}\` 파드가 새로 만든 \`${name}\` 서비스에 접속하지 못합니다. ${values.caller}의 구성 요소는 모두 실행
중입니다.`,
    });
  },
  cause: ({ caller, port }) => ({
    en: `kube-proxy ran on ${caller}, but its kubeconfig named the port ${port} of the API server, where nobody
answers. So kube-proxy never heard of the
new service. A component that runs may still know nothing: its log tells.`,
    ko: `${caller}에서 kube-proxy는 실행 중이었지만 kubeconfig에 적힌 API 서버의 포트는 아무도 응답하지 않는 ${port}이었습니다. 그래서 kube-proxy는 새 서비스를
알 수 없었습니다. 실행 중인 구성 요소라도 아무것도 모를 수 있습니다. 로그를 보면 알 수 있습니다.`,
  }),
  cure: () => ({
    en: `One node has no rules for a new service, and its kube-proxy runs: read its log. An error about the API
server leads to the kubeconfig, which
\`clientConnection\` in kube-proxy's configuration names. Correct \`server\`, and restart kube-proxy, because it
reads the file only at its start.`,
    ko: `한 노드에 새 서비스의 규칙이 없는데 kube-proxy는 실행 중이라면 로그를 읽으세요. API 서버에 대한 오류가 있으면 kube-proxy 설정의 \`clientConnection\`이
가리키는 kubeconfig를 보세요. \`server\`를 고친 다음 kube-proxy를 다시 시작하세요. kube-proxy는 시작할 때만 이 파일을 읽습니다.`,
  }),
  hints: ({ service, caller }) => [
    {
      en: `Does ${caller} have rules for the service?

\`\`\`${caller}
iptables-save -t nat | grep ${service} | cut -c1-150
\`\`\``,
      ko: `${caller}에 이 서비스의 규칙이 있습니까?\n\n\`\`\`${caller}\niptables-save -t nat | grep ${service} | cut -c1-150\n\`\`\``,
    },
    {
      en: `What does kube-proxy say?\n\n\`\`\`${caller}\ntail -n 5 /var/log/kube-proxy.log\n\`\`\``,
      ko: `kube-proxy는 뭐라고 합니까?\n\n\`\`\`${caller}\ntail -n 5 /var/log/kube-proxy.log\n\`\`\``,
    },
  ],
  checks: (values) => [
    answersCheck(values),
    everywhereCheck(values),
    {
      id: 'cause',
      type: 'script',
      reveal: 'nothing',
      title: causeGone,
      needs: 'answers',
    },
  ],
  looks: {
    async cause(lab, { caller }) {
      const content = (await lab.node(caller).read('/etc/kubernetes/kube-proxy.conf')) ?? '';
      const server = /^\s*server: *(\S+)/m.exec(content)?.[1] ?? '';
      const expected = {
        en: 'kube-proxy of the node finds the API server, also after its next start',
        ko: '노드의 kube-proxy가 다음에 시작할 때도 API 서버를 찾는다',
      };
      const observed = { en: `its kubeconfig names ${server}`, ko: `kubeconfig의 서버: ${server}` };
      return /^https:\/\/.+:6443\/?["']?$/.test(server)
        ? { pass: true, observed }
        : { pass: false, expected, observed };
    },
  },
  scene: ({ service, caller, server }) => ({ service, caller, server }),
  async break(lab, { service, caller, port }) {
    await setApiPort(lab, caller, port);
    await renewService(lab, service);
  },
  mend: (lab, { caller }) => setApiPort(lab, caller, apiPort),
});
