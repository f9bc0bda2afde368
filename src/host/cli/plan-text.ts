// `labs start --dry-run`: the plan as data or as text. Nothing is touched.
import type { LabDefinition } from '../../api/lab.ts';
import { bringUp } from '../cluster/bring-up.ts';
import { refuseInvalidCluster } from '../lab/validate.ts';
import { createPki } from '../plan/pki.ts';
import { certificatesOf, planCluster } from '../plan/plan.ts';
import type { ClusterPlan } from '../plan/types.ts';
import type { Context } from './context.ts';
import { table } from './table.ts';

export const describePlan = async (context: Context, lab: LabDefinition, name: string): Promise<void> => {
  const input = {
    name,
    lab: lab.name,
    definitionDigest: lab.digest,
    spec: lab.cluster,
    version: context.version,
    image: 'labs/node',
  };
  refuseInvalidCluster(name, lab.cluster);
  const plan = planCluster(input, await createPki(certificatesOf(input)));
  if (context.json) context.output.line(JSON.stringify(withoutContents(plan), null, 2));
  else print(context, plan);
};

/** Keys and certificates are made anew for each start: they say nothing, and would be secrets. */
const withoutContents = (plan: ClusterPlan): object => ({
  ...plan,
  machines: plan.machines.map((machine) => ({
    ...machine,
    files: machine.files.map((file) => ({ ...file, ...('content' in file ? { content: undefined } : {}) })),
  })),
  steps: bringUp.map(({ name, title, needs }) => ({ name, title, needs })),
});

const print = ({ output }: Context, plan: ClusterPlan): void => {
  const { network } = plan;
  output.line(`${output.paint('bold', plan.name)}: lab ${plan.lab}, ${plan.machines.length} containers`);
  output.line();
  const rows = plan.machines.map(({ name, link, role, components, limits }) => [
    name,
    link?.address ?? network.bridge.address,
    role,
    `≤ ${Math.round(limits.memoryBytes / 1024 / 1024)} MiB`,
    components.length > 3
      ? `${components.slice(0, 2).join(', ')} and ${components.length - 2} more`
      : components.join(', '),
  ]);
  for (const line of table(['MACHINE', 'ADDRESS', 'ROLE', 'MEMORY', 'COMPONENTS'], rows, output)) output.line(line);
  output.line();
  output.line(`nodes ${network.nodeCidr}, pods ${network.podCidr}, services ${network.serviceCidr}`);
  output.line();
  for (const [index, { title, needs, name }] of bringUp.entries())
    output.line(
      `${String(index + 1).padStart(3)}. ${title}${output.paint('dim', ` (${name}${needs.length > 0 ? ` after ${needs.join(', ')}` : ''})`)}`,
    );
};
