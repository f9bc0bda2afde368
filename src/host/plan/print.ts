// A plan for people (`labs start --dry-run`) and for programs (`--json`), and what differs between two. Pure.
import type { ClusterPlan, MachinePlan, PlannedFile } from './types.ts';

/** What `--dry-run` prints. @param steps the titles of what would be done with it, in order */
export const printPlan = (plan: ClusterPlan, steps: readonly { readonly title: string }[] = []): string => {
  const { network } = plan;
  return [
    `Cluster ${plan.name}, of the lab ${plan.lab}`,
    `  image           ${plan.image}`,
    `  nodes' network  ${network.nodeCidr}, bridge ${network.bridge.name} ${network.bridge.address}`,
    `  pod network     ${network.podCidr}`,
    `  service range   ${network.serviceCidr}, DNS ${network.dnsAddress}`,
    `  API server      https://${network.apiServer.address}:${network.apiServer.port}`,
    '',
    ...plan.machines.flatMap((machine) => [...printMachine(machine), '']),
    ...(steps.length === 0 ? [] : ['Steps', ...steps.map(({ title }, index) => `  ${index + 1}. ${title}`), '']),
  ].join('\n');
};

const printMachine = (machine: MachinePlan): string[] => {
  const { link, limits } = machine;
  const mebibytes = limits.memoryBytes / (1024 * 1024);
  return [
    `${machine.container} (${machine.controlPlane ? 'control plane' : machine.role})`,
    ...(link
      ? [`  link          ${link.interface} ${link.address}/${link.prefix} via ${link.gateway}, ${link.mac}`]
      : []),
    `  limits        ${mebibytes} MiB, ${limits.cpus} cores, ${limits.pids} processes`,
    `  capabilities  ${machine.capabilities.join(' ')}`,
    ...(machine.components.length > 0 ? [`  components    ${machine.components.join(' ')}`] : []),
    ...machine.files.map((file) => `  file          ${printFile(file)}`),
  ];
};

const printFile = (file: PlannedFile): string => {
  if ('symlink' in file) return `${file.path} -> ${file.symlink}`;
  const mode = file.mode.toString(8).padStart(4, '0');
  return `${mode} ${file.path}${'bundle' in file ? ` (dist/${file.bundle})` : ''}`;
};

/** The plan as JSON, keys left out: it may end up in a bug report. */
export const planAsJson = (plan: ClusterPlan): string =>
  JSON.stringify(
    { ...plan, machines: plan.machines.map((machine) => ({ ...machine, files: machine.files.map(withoutSecret) })) },
    null,
    2,
  );

const withoutSecret = (file: PlannedFile): PlannedFile =>
  'content' in file && file.secret ? { ...file, content: '(secret)' } : file;

export interface Difference {
  /** e.g. `node01.link.address`, or `node01:/etc/kubernetes/kubelet-config.yaml` */
  readonly what: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** What would have to change to get from one plan to the other. Secrets differ with every plan and are passed over. */
export const diffPlans = (before: ClusterPlan, after: ClusterPlan): readonly Difference[] => {
  const [old, young] = [flatten(before), flatten(after)];
  return [...new Set([...old.keys(), ...young.keys()])]
    .filter((what) => old.get(what) !== young.get(what))
    .map((what) => ({
      what,
      ...(old.has(what) ? { before: old.get(what) } : {}),
      ...(young.has(what) ? { after: young.get(what) } : {}),
    }));
};

const flatten = ({ machines, ...rest }: ClusterPlan): ReadonlyMap<string, unknown> => {
  const flat = new Map<string, unknown>();
  const add = (path: string, value: unknown): void => {
    if (typeof value !== 'object' || value === null) flat.set(path, value);
    else for (const [key, part] of Object.entries(value)) add(path === '' ? key : `${path}.${key}`, part);
  };
  add('', rest);
  for (const { files, ...machine } of machines) {
    add(machine.name, machine);
    for (const file of files) flat.set(`${machine.name}:${file.path}`, summary(file));
  }
  return flat;
};

const summary = (file: PlannedFile): string => {
  if ('symlink' in file) return `-> ${file.symlink}`;
  if ('bundle' in file) return file.bundle;
  return file.secret || file.path.endsWith('.crt') ? '(secret)' : file.content;
};
