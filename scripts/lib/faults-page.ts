// The page of the library of faults: docs/faults.md.
import type { AnyFault } from '../../src/host/faults/fault.ts';
import { faults } from '../../src/host/faults/library.ts';
import type { Params, Values } from '../../src/host/faults/params.ts';

const intro = `# Faults

This page is generated: \`node scripts/node.mjs faults.ts\` writes it from \`src/host/faults/library\`.

A task of lab.yaml names a fault, and needs nothing else:

    tasks:
      - { id: report, fault: selector-typo }
      - { id: slow, fault: { name: mtu, service: shop/media, mtu: 900 } }
      - { id: first, fault: { draw: all } }
      - { id: second, fault: { draw: [tampered-rule, { name: missing-route, caller: node01 }], service: shop/checkout } }
      - { id: both, fault: [{ draw: [selector-typo, wrong-target-port], service: shop/till }, { name: mtu, service: shop/till }] }

- The fault brings the title, the text, hints, checks, wrong solutions for \`labs test\`, the scripts and the debrief of the task. A \`title\` or \`hints\` of the
  task take their place; its \`checks\` come in addition. In the task's own \`tasks/NAME.md\`, \`\${fault:symptom}\` stands for the report and the commands that
  show it; in \`tasks/NAME.debrief.md\`, \`\${fault:cause}\` and \`\${fault:cure}\` for what was wrong, and how one finds it.
- Students see the symptom. Titles, checks and failures do not name the fault.
- \`draw\` chooses by \`--student\` and \`--seed\`, as \`params\` do: the same student and seed have the same faults. No fault is drawn twice in a lab.
  \`draw: all\` leaves out what the cluster of the lab cannot have, and faults without a visible symptom. \`labs test --seeds N\` tests several draws.
- Parameters beside \`draw\` are for all faults of the list that have such a parameter.
- Several faults in one task overlap: all scenes are made, then all faults. Faults of one \`service\` share its pods, so their
  nodes must be the same. Choose such that the cure of one
  does not cure the other: not two that a restart of kube-proxy on the same node mends.
- The edition for students (\`labs pack --student\`) keeps the fault and its symptom, with \`solve: false\`: \`labs solve\` does not mend it.
- Each fault makes a scene of its own: a service, a pod that serves, and a pod \`NAME-visitor\` that calls. So a lab needs two nodes.

`;

const table = (): string =>
  `| fault | what is broken |\n|---|---|\n${faults
    .map(({ name, summary }) => `| [${name}](#${name}) | ${summary} |`)
    .join('\n')}\n`;

const leftOut = `
## Left out

- **rp_filter**: each node has one link, so answers come back where packets left. Strict filtering drops nothing here.
- **stale conntrack**: kube-proxy removes stale UDP entries at its next sync, and an entry meets only a client that keeps its source port. No
  check could see the symptom without the student's own program.
`;

export const faultsPage = (): string => `${intro}${table()}\n${faults.map(section).join('\n')}${leftOut}`;

const section = (fault: AnyFault): string => {
  const rows = Object.entries(fault.params).map(
    ([name, { description, shownDefault }]) => `| \`${name}\` | ${description} | ${shownDefault} |`,
  );
  const limits = [
    ...(fault.modes ? [`Only in kube-proxy’s mode ${fault.modes.join(' or ')}.`] : []),
    ...(fault.podNetworks ? [`Only with the pod network ${fault.podNetworks.join(' or ')}.`] : []),
    ...(fault.drawn === false ? ['`draw: all` leaves it out.'] : []),
  ];
  const values = sampleOf(fault);
  return `## ${fault.name}

${fault.summary}${limits.length > 0 ? ` ${limits.join(' ')}` : ''}

| parameter | meaning | default |
|---|---|---|
${rows.join('\n')}

- Symptom: ${reportIn(fault.symptom(values).en)}
- Cause: ${oneLine(fault.cause(values).en)}
- Cure: ${oneLine(fault.cure(values).en)}
- Why it stays: ${fault.stays}
`;
};

/** The values in a lab with two workers. */
const sampleOf = ({ params }: AnyFault): Values<Params> => {
  const nodes = ['node01', 'node02', 'controlplane'];
  const cluster = { workers: nodes.slice(0, 2), nodes, proxies: nodes, controlPlane: 'controlplane' };
  const values: Record<string, unknown> = {};
  for (const [name, param] of Object.entries(params)) values[name] = param.byDefault(cluster, values);
  return { ...values, controlPlane: 'controlplane' } as Values<Params>;
};

const oneLine = (text: string): string => text.replaceAll('\n', ' ');

/** What the user reports. */
const reportIn = (symptom: string): string =>
  symptom
    .split('\n')
    .filter((line) => line.startsWith('> '))
    .map((line) => line.slice(2))
    .join(' ');
