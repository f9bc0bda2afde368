// `labs start --dry-run`: prints what a start would build, and builds nothing.
import type { LabDefinition } from '../../api/lab.ts';
import { type Link, qualityText } from '../../api/wiring.ts';
import { bringUp, setUpLab } from '../cluster/bring-up.ts';
import { shapedLinks } from '../cluster/link-queues.ts';
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
  const { output } = context;
  if (context.json) {
    const members = plan.machines.map(({ name: machine, role }) => ({ name: machine, role }));
    output.line(JSON.stringify({ name, lab: lab.name, machines: members, cluster: lab.cluster }, null, 2));
    return;
  }
  for (const part of [title(context, plan), machines(context, plan), networks(context, plan), links(context, lab)]) {
    for (const line of part) output.line(line);
    if (part.length > 0) output.line();
  }
  for (const line of steps(context, lab)) output.line(line);
};

const title = ({ output, say }: Context, { name, lab, machines }: ClusterPlan): readonly string[] => [
  say.planTitle(output.paint('bold', name), lab, machines.length),
];

const machines = ({ output, say }: Context, { machines, network }: ClusterPlan): readonly string[] => {
  const rows = machines.map(({ name, link, links, role, components, limits }) => [
    name,
    links ? addressesOf(links) : (link?.address ?? network.bridge.address),
    role,
    `≤ ${Math.round(limits.memoryBytes / 1024 / 1024)} MiB`,
    components.length > 3
      ? say.andMore(components.slice(0, 2).join(', '), components.length - 2)
      : components.join(', '),
  ]);
  return table([say.machine, say.address, say.role, say.memory, say.components], rows, output);
};

/** Of a router or host: of each network. */
const addressesOf = (links: readonly Link[]): string =>
  links.map(({ address, prefix }) => (address === undefined ? '-' : `${address}/${prefix}`)).join(', ');

const networks = ({ say }: Context, { network }: ClusterPlan): readonly string[] => [
  say.networks(network.nodeCidr, network.podCidr, network.serviceCidr),
];

const links = ({ output, say }: Context, { cluster }: LabDefinition): readonly string[] => {
  const rows = shapedLinks(cluster).map(({ machine, network, quality }) => [network, machine, qualityText(quality)]);
  return rows.length === 0 ? [] : table([say.network, say.toMachine, say.quality], rows, output);
};

const steps = ({ output, say }: Context, { manifests, setup }: LabDefinition): readonly string[] =>
  [...bringUp, ...(manifests.length > 0 || setup !== undefined ? [setUpLab] : [])].map(
    ({ name, title, needs }, index) => {
      const order = needs.length > 0 ? `${name}; ${say.after(needs.join(', '))}` : name;
      return `${String(index + 1).padStart(3)}. ${say.steps[name] ?? title}${output.paint('dim', ` (${order})`)}`;
    },
  );
