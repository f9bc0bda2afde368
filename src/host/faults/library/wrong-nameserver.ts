// The kubelet of a node gives new pods a name server that does not exist.
import { parse } from 'yaml';
import * as z from 'zod';
import type { LabHandle, Pod } from '../../../api/script.ts';
import { defineFault } from '../fault.ts';
import { clusterDnsOf, dnsAddressOf, setClusterDns } from '../node.ts';
import { callerParam, serverParam, serviceParam } from '../params.ts';
import { answersCheck, causeGone, symptomOf, titleOf } from '../say.ts';
import { partsOf, renewVisitor } from '../scene.ts';

const config = '/etc/kubernetes/kubelet-config.yaml';

export const wrongNameserver = defineFault({
  name: 'wrong-nameserver',
  summary: 'The kubelet on the node of the caller writes a wrong name server into the resolv.conf of new pods.',
  params: {
    service: serviceParam('shop/coupons'),
    caller: callerParam(', whose kubelet gets the wrong address'),
    server: serverParam(),
    nameserver: {
      kind: 'value',
      schema: z.ipv4(),
      description: 'The wrong address.',
      shownDefault: '10.96.0.100',
      byDefault: () => '10.96.0.100',
    },
  },
  stays:
    'Nothing writes the file of the kubelet while the lab runs, and a resolv.conf is written when a container starts.',
  restart: 'heals',
  title: titleOf,
  symptom(values) {
    const { namespace, name, visitor } = partsOf(values.service);
    return symptomOf(values, {
      en: `The pod \`${visitor}\` in the namespace \`${namespace}\` is new, and does not reach \`http://${name}/\`. Older
pods on ${values.caller} have no such problem.`,
      ko: `\`${namespace}\` 네임스페이스에 새로 만든 \`${visitor}\` 파드가 \`http://${name}/\`에 접속하지 못합니다. ${values.caller}에 있는 오래된
파드에는 이런 문제가 없습니다.`,
    });
  },
  cause: ({ caller, nameserver }) => ({
    en: `In the configuration of the kubelet on ${caller}, \`clusterDNS\` was ${nameserver}. No service has this
address, so
nobody answered. The kubelet writes the address into \`/etc/resolv.conf\` when the containers of a pod start. Pods from
before kept the right one.`,
    ko: `${caller}의 kubelet 설정에서 \`clusterDNS\`가 ${nameserver}이었습니다. 이 주소의 서비스가 없으므로 아무도 응답하지 않았습니다. kubelet은 파드의
컨테이너를 시작할 때 이 주소를 \`/etc/resolv.conf\`에 씁니다. 그 전부터 있던 파드에는 올바른 주소가 남아 있었습니다.`,
  }),
  cure: () => ({
    en: `Names fail in some pods only: compare their \`/etc/resolv.conf\` with that of a pod that works. The kubelet
writes this file, so look at \`clusterDNS\` in
its configuration. Correct it, restart the kubelet, which reads it only at its start, and make the pod anew. An edit of
the file in the pod mends this pod, and not the next one.`,
    ko: `일부 파드에서만 이름이 안 된다면 \`/etc/resolv.conf\`를 잘 되는 파드의 것과 비교하세요. 이 파일은 kubelet이 쓰므로 kubelet 설정의 \`clusterDNS\`를
보세요. 값을 고치고, 시작할 때만 설정을 읽는 kubelet을 다시 시작한 다음, 파드를 새로 만드세요. 파드 안의 파일을 고치면 그 파드만 고쳐지고 다음 파드는 그대로입니다.`,
  }),
  hints({ service, controlPlane, caller }) {
    const { namespace, visitor } = partsOf(service);
    const file = `\`\`\`${controlPlane}\nkubectl -n ${namespace} exec ${visitor} -- cat /etc/resolv.conf\n\`\`\``;
    const written = `\`\`\`${caller}\ngrep -A 1 DNS ${config}\n\`\`\``;
    return [
      {
        en: `Whom does the pod ask for names? Compare with another pod.\n\n${file}`,
        ko: `파드는 누구에게 이름을 묻습니까? 다른 파드와 비교하세요.\n\n${file}`,
      },
      {
        en: `Who writes this file, and from what?\n\n${written}`,
        ko: `이 파일은 누가, 무엇을 보고 씁니까?\n\n${written}`,
      },
      {
        en: `The kubelet reads its configuration when it starts, and a pod keeps the file that it has got. Write the pod to a
file with \`kubectl get pod … -o yaml\`; then \`kubectl replace --force -f\` makes it anew.`,
        ko: `kubelet은 시작할 때 설정을 읽고, 파드는 한 번 받은 파일을 계속 사용합니다. \`kubectl get pod … -o yaml\`로 파드를 파일에 저장한 다음
\`kubectl replace --force -f\`로 새로 만드세요.`,
      },
    ];
  },
  checks: (values) => [
    answersCheck(values),
    { id: 'cause', type: 'script', reveal: 'nothing', title: causeGone, needs: 'answers' },
    {
      id: 'next',
      type: 'process',
      reveal: 'nothing',
      title: { en: 'The next new pod will find names, too', ko: '앞으로 만들 새 파드도 이름을 찾는다' },
      needs: 'answers',
      on: `node/${values.caller}`,
      name: 'kubelet',
    },
  ],
  looks: {
    async cause(lab, { caller }) {
      const right = await dnsAddressOf(lab);
      const running = await clusterDnsOf(lab, caller).catch(() => []);
      const written = (await lab.node(caller).read(config)) ?? '';
      const observed = {
        en: `it gives them ${running.join(', ')}`,
        ko: `새 파드가 받는 네임 서버: ${running.join(', ')}`,
      };
      if (running[0] === right && addressesIn(written)[0] === right) return { pass: true, observed };
      const expected = {
        en: 'the kubelet gives new pods the address of the cluster DNS, also after its next start',
        ko: 'kubelet이 다음에 시작한 뒤에도 새 파드에 클러스터 DNS의 주소를 준다',
      };
      return { pass: false, expected, observed };
    },
  },
  cheats: {
    'edits-the-pod': editResolvConf,
    async 'forgets-the-restart'(lab, values) {
      await editResolvConf(lab, values);
      await lab.node(values.caller).$`sed -i ${`s/- ${values.nameserver}/- ${await dnsAddressOf(lab)}/`} ${config}`;
    },
  },
  scene: ({ service, caller, server }) => ({ service, caller, server }),
  async break(lab, values) {
    const { service, caller, nameserver } = values;
    await untilPodsRun(lab, caller);
    await setClusterDns(lab, caller, nameserver);
    await renewVisitor(lab, service, caller);
    await spareOthers(lab, values);
  },
  async mend(lab, values) {
    const { service, caller, nameserver } = values;
    await setClusterDns(lab, caller, await dnsAddressOf(lab));
    await spareOthers(lab, values);
    const { content } = await visitorFile(lab, service, caller);
    if (content?.includes(nameserver)) await renewVisitor(lab, service, caller);
  },
});

interface Caller {
  readonly service: string;
  readonly caller: string;
}

/** The resolv.conf of the pod that calls, as it is on the disk of its node. */
const visitorFile = async (lab: LabHandle, service: string, node: string) => {
  const { namespace, visitor } = partsOf(service);
  const pod = await lab.object<Pod>(`pod/${namespace}/${visitor}`);
  const path = `/var/lib/kubelet/pods/${pod?.metadata.uid}/resolv.conf`;
  return { path, content: await lab.node(node).read(path) };
};

/** Function declarations are known before `defineFault` runs. */
async function editResolvConf(lab: LabHandle, { service, caller }: Caller): Promise<void> {
  const { path } = await visitorFile(lab, service, caller);
  await setNameserver(lab, caller, path);
}

/** A pod has mounted its file, so it must stay the same one: `sed -i` would write another. */
const setNameserver = async (lab: LabHandle, node: string, path: string): Promise<void> => {
  const edit = `s/^nameserver .*/nameserver ${await dnsAddressOf(lab)}/`;
  await lab.node(node).$`text=$(sed ${edit} ${path}) && echo "$text" > ${path}`;
};

/** After a stop and a start, a container that begins after the fault would get the wrong address, too. */
const untilPodsRun = async (lab: LabHandle, node: string): Promise<void> => {
  const words = ['wait', '--for=condition=Ready', 'pods', '--all', '-A', `--field-selector=spec.nodeName=${node}`];
  // A student may have left a pod that is never ready.
  await lab.kubectl(...words, '--timeout=20s').catch(() => {});
};

/** The pods from before keep names, also if one of their containers has begun anew since. */
const spareOthers = async (lab: LabHandle, visitor: Caller & { readonly nameserver: string }): Promise<void> => {
  const { service, caller, nameserver } = visitor;
  const { path } = await visitorFile(lab, service, caller);
  const wrong = `nameserver ${nameserver}`;
  const found = await lab.node(caller).$`grep -lx ${wrong} /var/lib/kubelet/pods/*/resolv.conf`.nothrow().lines();
  for (const file of found) if (file !== '' && file !== path) await setNameserver(lab, caller, file);
};

/** The entries of `clusterDNS`, in both ways to write a list. */
const addressesIn = (yaml: string): readonly string[] => {
  const { clusterDNS } = (parse(yaml) ?? {}) as { clusterDNS?: readonly string[] };
  return clusterDNS ?? [];
};
