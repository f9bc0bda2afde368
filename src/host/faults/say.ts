// Sentences that several faults say.
import type { FaultCheck, Text } from './fault.ts';
import { partsOf } from './scene.ts';

/** The values that most faults have. */
interface Place {
  readonly service: string;
  readonly caller: string;
  readonly controlPlane: string;
}

export const titleOf = ({ service }: Pick<Place, 'service'>): Text => {
  const { name } = partsOf(service);
  return { en: `A report about ${name}`, ko: `${name}에 대한 신고` };
};

/** The call that fails, as a student types it. */
export const callOf = ({ service }: Pick<Place, 'service'>): string => {
  const { namespace, name, visitor } = partsOf(service);
  return `kubectl -n ${namespace} exec ${visitor} -- \\\n  curl -sS -m 2 http://${name}/`;
};

/**
 * The symptom: what a user reports, and the commands that show it.
 * @param commands one block on the control plane, whose last command fails
 */
export const symptomOf = (
  { controlPlane, service }: Place,
  report: Text,
  commands: string = callOf({ service }),
): Text => ({
  en: `This task breaks something in the cluster on purpose. A user reports:

> ${quoted(report.en)}

See the symptom on ${controlPlane}:

\`\`\`${controlPlane} fails
${commands}
\`\`\`

Find the cause and remove it. Do not work around it: the next pod and the next service must work, too.
`,
  ko: `이 과제는 클러스터의 일부를 일부러 고장 냅니다. 사용자가 다음과 같이 알려 왔습니다.

> ${quoted(report.ko)}

${controlPlane}에서 증상을 확인하세요.

\`\`\`${controlPlane} fails
${commands}
\`\`\`

원인을 찾아 없애세요. 증상만 피해 가지 마세요. 앞으로 만들 파드와 서비스도 잘 동작해야 합니다.
`,
});

/** A line break in a text is no end of the quotation. */
const quoted = (text: string): string => text.replaceAll('\n', '\n> ');

/** The report that tells least: every fault on the way has this symptom. */
export const failsFrom = ({ service, caller }: Place): Text => {
  const { namespace, name, visitor } = partsOf(service);
  return {
    en: `The pod \`${visitor}\` on ${caller} does not reach the service \`${name}\` in the namespace \`${namespace}\`.`,
    ko: `${caller}에 있는 \`${visitor}\` 파드가 \`${namespace}\` 네임스페이스의 \`${name}\` 서비스에 접속하지 못합니다.`,
  };
};

/** The call of the symptom succeeds, and the pod of the scene answers. */
export const answersCheck = ({ service }: Pick<Place, 'service'>, lands?: string): FaultCheck => {
  const { namespace, name, visitor } = partsOf(service);
  return {
    id: 'answers',
    type: 'http',
    reveal: 'symptom',
    title: {
      en: `The pod ${visitor} reaches the service ${name}`,
      ko: `${visitor} 파드가 ${name} 서비스에 접속한다`,
    },
    points: 2,
    within: '2s',
    from: `pod/${namespace}/${visitor}`,
    url: `http://${name}/`,
    lands: lands ?? `pod/${namespace}/${name}`,
  };
};

/** The title of what else the removal of the cause brings. */
export const causeGone: Text = { en: 'The cause is removed', ko: '원인이 없어졌다' };

/** Endpoints written by hand would answer, too, until the pod gets another address. */
export const selectsCheck = ({ service }: Pick<Place, 'service'>): FaultCheck => ({
  id: 'cause',
  type: 'object',
  reveal: 'nothing',
  title: causeGone,
  needs: 'answers',
  object: `service/${service}`,
  where: [{ path: '.spec.selector.*', count: { min: 1 } }],
});

/** Packets for the service end at its pod, by the rules of every node. */
export const everywhereCheck = ({ service }: Pick<Place, 'service'>): FaultCheck => {
  const { namespace, name, visitor } = partsOf(service);
  return {
    id: 'everywhere',
    type: 'iptables',
    reveal: 'nothing',
    title: { en: `The service ${name} works on every node`, ko: `${name} 서비스가 모든 노드에서 동작한다` },
    within: '2s',
    on: 'node/*',
    packet: {
      from: `pod/${namespace}/${visitor}`,
      to: `\${service/${service}:.spec.clusterIP}:80`,
      lands: `endpoints/${service}`,
    },
  };
};

export const runsCheck = (node: string, program: string): FaultCheck => ({
  id: 'next',
  type: 'process',
  reveal: 'nothing',
  title: { en: 'The next new service will work, too', ko: '앞으로 만들 새 서비스도 동작한다' },
  needs: 'answers',
  on: `node/${node}`,
  name: program,
});
