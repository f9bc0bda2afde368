// What the parts of a lab.yaml say about each other: names twice, ranges that overlap, references to nothing.
// Works on the raw data, so that it finds what it can even where the shape is wrong elsewhere.
import {
  type Cidr,
  cidrContains,
  cidrRange,
  cidrsOverlap,
  type Ipv4,
  parseCidr,
  parseIpv4,
} from '../../api/scalars.ts';
import type { Path, Problem } from './problem.ts';
import { didYouMean } from './suggest.ts';

type Raw = Readonly<Record<string, unknown>>;

export const semanticProblems = (raw: unknown): readonly Problem[] => {
  const lab = record(raw);
  const cluster = record(lab.cluster);
  return [
    ...machineProblems(cluster),
    ...rangeProblems(cluster),
    ...taskProblems(list(lab.tasks), machinesOf(cluster)),
  ];
};

const record = (value: unknown): Raw =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Raw) : {};
const list = (value: unknown): readonly Raw[] => (Array.isArray(value) ? value.map(record) : []);

interface Machines {
  readonly nodes: readonly string[];
  readonly clients: readonly string[];
}

const machinesOf = (cluster: Raw): Machines => ({
  nodes: list(cluster.nodes).map(({ name }) => String(name)),
  clients: cluster.clients === undefined ? ['client'] : list(cluster.clients).map(({ name }) => String(name)),
});

const machineProblems = (cluster: Raw): readonly Problem[] => {
  const named = (field: 'nodes' | 'clients') =>
    list(cluster[field]).map(({ name }, index) => ({ name, path: ['cluster', field, index, 'name'] as Path }));
  const nodes = list(cluster.nodes);
  const planes = nodes.flatMap(({ role }, index) => (role === 'control-plane' ? [index] : []));
  const problems = duplicates([...named('nodes'), ...named('clients')], 'machine');
  if (nodes.length > 0 && planes.length === 0)
    problems.push({ path: ['cluster', 'nodes'], message: 'cluster.nodes: one node must have the role control-plane' });
  for (const index of planes.slice(1))
    problems.push({
      path: ['cluster', 'nodes', index, 'role'],
      message: `cluster.nodes[${index}].role: only one node can be the control plane`,
    });
  return problems;
};

const ranges = [
  ['nodeCidr', '192.168.56.0/24', 'the nodes’ network'],
  ['podCidr', '10.244.0.0/16', 'the pods’ network'],
  ['serviceCidr', '10.96.0.0/12', 'the services’ range'],
] as const;

const rangeProblems = (cluster: Raw): readonly Problem[] => {
  const parsed = ranges.map(([field, fallback, words]) => ({
    field,
    words,
    cidr: quietly(parseCidr, cluster[field] ?? fallback),
  }));
  const problems: Problem[] = [];
  parsed.forEach((a, index) => {
    for (const b of parsed.slice(index + 1)) {
      if (!a.cidr || !b.cidr || !cidrsOverlap(a.cidr, b.cidr)) continue;
      const at = cluster[b.field] === undefined ? a.field : b.field;
      problems.push({
        path: ['cluster', at],
        message: `cluster.${at}: ${a.words} ${a.cidr} and ${b.words} ${b.cidr} overlap; an address must belong to one of them only`,
      });
    }
  });
  return [...problems, ...sizeProblems(cluster, parsed), ...dnsProblems(cluster, parsed[2]?.cidr)];
};

const sizeProblems = (
  cluster: Raw,
  parsed: readonly { field: string; cidr: Cidr | undefined }[],
): readonly Problem[] => {
  const nodes = list(cluster.nodes).length;
  const podCidr = parsed.find(({ field }) => field === 'podCidr')?.cidr;
  if (!podCidr) return [];
  const room = 2 ** (24 - cidrRange(podCidr).prefix);
  if (room >= Math.max(1, nodes)) return [];
  return [
    {
      path: ['cluster', 'podCidr'],
      message: `cluster.podCidr: ${podCidr} has room for ${Math.floor(room)} node subnets of /24, the lab has ${nodes} nodes`,
    },
  ];
};

const dnsProblems = (cluster: Raw, services: Cidr | undefined): readonly Problem[] => {
  const address = quietly(parseIpv4, cluster.dnsAddress);
  if (!address || !services || cidrContains(services, address as Ipv4)) return [];
  return [
    {
      path: ['cluster', 'dnsAddress'],
      message: `cluster.dnsAddress: ${address} is outside of the services’ range ${services}`,
    },
  ];
};

const taskProblems = (tasks: readonly Raw[], machines: Machines): readonly Problem[] => {
  const ids = tasks.map(({ id }, index) => ({ name: id, path: ['tasks', index, 'id'] as Path }));
  const checks = tasks.map((task) => list(task.checks).map(({ id }) => String(id)));
  const full = tasks.flatMap((task, index) => (checks[index] ?? []).map((id) => `${String(task.id)}/${id}`));
  return [
    ...duplicates(ids, 'task'),
    ...tasks.flatMap((task, t) =>
      list(task.checks).flatMap((check, c) => {
        const path: Path = ['tasks', t, 'checks', c];
        return [
          ...needProblems(check, String(task.id), checks[t] ?? [], full, path),
          ...placeProblems(check, machines, path),
          ...checkProblems(check, path),
        ];
      }),
    ),
    ...tasks.flatMap((task, t) =>
      duplicates(
        list(task.checks).map(({ id }, c) => ({ name: id, path: ['tasks', t, 'checks', c, 'id'] as Path })),
        'check',
      ),
    ),
    ...cycleProblems(tasks),
  ];
};

const needProblems = (
  check: Raw,
  task: string,
  own: readonly string[],
  full: readonly string[],
  path: Path,
): readonly Problem[] => {
  const needs = check.needs === undefined ? [] : Array.isArray(check.needs) ? check.needs : [check.needs];
  return needs.flatMap((need) => {
    const name = String(need);
    if (name === String(check.id) || name === `${task}/${String(check.id)}`)
      return [{ path: [...path, 'needs'], message: `needs: check "${name}" needs itself` }];
    if (name.includes('/') ? full.includes(name) : own.includes(name)) return [];
    return [
      { path: [...path, 'needs'], message: `needs: there is no check "${name}"${didYouMean(name, [...own, ...full])}` },
    ];
  });
};

const placeProblems = (check: Raw, machines: Machines, path: Path): readonly Problem[] =>
  (['from', 'on'] as const).flatMap((field) => {
    const [kind, name] = String(check[field] ?? '').split('/');
    if (kind === 'node' && name !== '*' && name !== undefined && !machines.nodes.includes(name))
      return [
        { path: [...path, field], message: `${field}: there is no node "${name}"${didYouMean(name, machines.nodes)}` },
      ];
    if (kind === 'client' && name !== undefined && !machines.clients.includes(name))
      return [
        {
          path: [...path, field],
          message: `${field}: there is no client "${name}"${didYouMean(name, machines.clients)}`,
        },
      ];
    if (kind === 'client' && machines.clients.length === 0)
      return [{ path: [...path, field], message: `${field}: the lab has no client; add one to cluster.clients` }];
    return [];
  });

const expectations = ['equals', 'matches', 'veth', 'gateway', 'rule', 'flag', 'script'] as const;

const checkProblems = (check: Raw, path: Path): readonly Problem[] => {
  if (check.type === 'iptables') {
    if ((check.rules === undefined) === (check.packet === undefined))
      return [{ path, message: 'an iptables check has either rules or packet' }];
  }
  if (check.type === 'process' && check.name === undefined && check.listening === undefined)
    return [{ path, message: 'a process check has name, listening or both' }];
  if (check.type === 'answer') {
    const given = expectations.filter((field) => check[field] !== undefined);
    if (given.length !== 1)
      return [
        {
          path,
          message: `an answer check has exactly one of ${expectations.join(', ')}; this has ${given.join(' and ') || 'none'}`,
        },
      ];
    const choices = list(check.choices).map(({ id }) => String(id));
    const wanted = check.equals;
    if (choices.length > 0 && typeof wanted === 'string' && !choices.includes(wanted))
      return [
        { path: [...path, 'equals'], message: `equals: there is no choice "${wanted}"${didYouMean(wanted, choices)}` },
      ];
  }
  return [];
};

const cycleProblems = (tasks: readonly Raw[]): readonly Problem[] => {
  const edges = new Map<string, { needs: readonly string[]; path: Path }>();
  tasks.forEach((task, t) => {
    list(task.checks).forEach((check, c) => {
      const needs = (check.needs === undefined ? [] : Array.isArray(check.needs) ? check.needs : [check.needs]).map(
        String,
      );
      edges.set(`${String(task.id)}/${String(check.id)}`, {
        needs: needs.map((need) => (need.includes('/') ? need : `${String(task.id)}/${need}`)),
        path: ['tasks', t, 'checks', c, 'needs'],
      });
    });
  });
  const reaches = (from: string, to: string, seen: Set<string>): boolean =>
    (edges.get(from)?.needs ?? []).some((next) => {
      if (next === to) return true;
      if (seen.has(next)) return false;
      seen.add(next);
      return reaches(next, to, seen);
    });
  return [...edges]
    .filter(([id, { needs }]) => !needs.includes(id) && reaches(id, id, new Set()))
    .slice(0, 1)
    .map(([id, { path }]) => ({ path, message: `needs: check "${id}" needs itself by way of others` }));
};

const duplicates = (entries: readonly { name: unknown; path: Path }[], what: string): Problem[] => {
  const seen = new Set<unknown>();
  return entries.flatMap(({ name, path }) => {
    if (name === undefined) return [];
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [{ path, message: `the ${what} name "${String(name)}" is already taken by another ${what}` }];
  });
};

const quietly = <T>(parse: (text: string) => T, value: unknown): T | undefined => {
  try {
    return typeof value === 'string' ? parse(value) : undefined;
  } catch {
    return undefined;
  }
};
