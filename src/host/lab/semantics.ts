// Relations between the parts of a lab.yaml: names used twice, references to missing names, loops of `needs`.
// It works on raw data, so that it finds problems even when another field has a wrong shape.
import { didYouMean } from '../../kit/suggest.ts';
import { findKind } from '../grade/kinds.ts';
import { placeField } from '../grade/templates.ts';
import { clusterProblems, type MachineNames as Machines, machineNamesOf, placeOf } from './cluster-problems.ts';
import { duplicates, type Path, type Problem } from './problem.ts';
import { listOf, type Raw, recordOf } from './raw.ts';

export const semanticProblems = (raw: unknown): readonly Problem[] => {
  const lab = recordOf(raw);
  const cluster = recordOf(lab.cluster);
  return [...clusterProblems(cluster), ...taskProblems(listOf(lab.tasks), machineNamesOf(cluster))];
};

const taskProblems = (tasks: readonly Raw[], machines: Machines): readonly Problem[] => {
  const ids = tasks.map(({ id }, index) => ({ name: id, path: ['tasks', index, 'id'] as Path }));
  const checks = tasks.map((task) => listOf(task.checks).map(({ id }) => String(id)));
  const full = tasks.flatMap((task, index) => (checks[index] ?? []).map((id) => `${String(task.id)}/${id}`));
  const isOpen = (id: string): boolean => tasks.some((task) => String(task.id) === id && !knowsChecks(task));
  return [
    ...duplicates(ids, 'task'),
    ...taskNeedProblems(tasks),
    ...tasks.flatMap((task, t) =>
      listOf(task.checks).flatMap((check, c) => {
        const path: Path = ['tasks', t, 'checks', c];
        return [
          ...needProblems(check, { task: String(task.id), own: checks[t] ?? [], full, isOpen }, path),
          ...placeProblems(check, machines, path),
          ...changeProblems(check, machines, path),
          ...kindProblems(check, path),
          ...templateProblems(check, path),
        ];
      }),
    ),
    ...tasks.flatMap((task, t) =>
      duplicates(
        listOf(task.checks).map(({ id }, c) => ({ name: id, path: ['tasks', t, 'checks', c, 'id'] as Path })),
        'check',
      ),
    ),
    ...cycleProblems(tasks),
    ...hiddenProblems(tasks),
    ...costProblems(tasks),
  ];
};

/**
 * A task may only need earlier tasks, so that there is always a next one. Needs in a circle are needs of later tasks.
 */
const taskNeedProblems = (tasks: readonly Raw[]): readonly Problem[] => {
  const ids = tasks.map(({ id }) => String(id));
  return tasks.flatMap((task, t) =>
    needsIn(task).flatMap((need, n) => {
      const path: Path = ['tasks', t, 'needs', ...(Array.isArray(task.needs) ? [n] : [])];
      const at = ids.indexOf(need);
      const problem = (message: string): readonly Problem[] => [
        { path, message: `needs: ${message}`, rule: 'reference' },
      ];
      if (at < 0 && !tasks.every(isNamed)) return [];
      if (at < 0) return problem(`there is no task "${need}"${didYouMean(need, ids.slice(0, t))}`);
      if (at === t) return problem(`task "${need}" needs itself`);
      if (at < t) return [];
      return problem(
        needsIn(tasks[at] ?? {}).includes(String(task.id))
          ? `tasks "${String(task.id)}" and "${need}" need each other`
          : `task "${need}" comes later; a task can need only tasks before it`,
      );
    }),
  );
};

const needsIn = ({ needs }: Raw): readonly string[] =>
  (Array.isArray(needs) ? needs : [needs]).filter((need) => typeof need === 'string');

const isNamed = ({ id }: Raw): boolean => typeof id === 'string';

/** Whether the checks of a task have all their names: a misspelt `checks` or `id` hides some. */
export const knowsChecks = ({ checks }: Raw): boolean => Array.isArray(checks) && listOf(checks).every(isNamed);

interface Known {
  readonly task: string;
  readonly own: readonly string[];
  readonly full: readonly string[];
  /** Whether a task may have more checks. */
  isOpen(task: string): boolean;
}

const needProblems = (check: Raw, { task, own, full, isOpen }: Known, path: Path): readonly Problem[] => {
  return needsIn(check).flatMap((name) => {
    if (name === String(check.id) || name === `${task}/${String(check.id)}`)
      return [{ path: [...path, 'needs'], message: `needs: check "${name}" needs itself` }];
    if (name.includes('/') ? full.includes(name) : own.includes(name)) return [];
    if (isOpen(name.includes('/') ? (name.split('/')[0] ?? '') : task)) return [];
    return [
      { path: [...path, 'needs'], message: `needs: there is no check "${name}"${didYouMean(name, [...own, ...full])}` },
    ];
  });
};

/** What a student sees must make sense without the checks that are hidden. */
const hiddenProblems = (tasks: readonly Raw[]): readonly Problem[] => {
  const isHidden = ({ visibility }: Raw): boolean => visibility === 'afterDue' || visibility === 'never';
  const hidden = new Set(
    tasks.flatMap((task) =>
      listOf(task.checks)
        .filter(isHidden)
        .map(({ id }) => `${String(task.id)}/${String(id)}`),
    ),
  );
  return tasks.flatMap((task, t) => {
    const checks = listOf(task.checks);
    const problemsOf = (check: Raw, c: number): Problem[] => {
      const path: Path = ['tasks', t, 'checks', c];
      if (isHidden(check) && check.type === 'answer')
        return [{ path: [...path, 'visibility'], message: 'visibility: a question cannot be hidden' }];
      if (isHidden(check)) return [];
      const need = needsIn(check).find((name) => hidden.has(name.includes('/') ? name : `${String(task.id)}/${name}`));
      if (need === undefined) return [];
      const message = `needs: the student does not see the check "${need}"; hide this check, too, or show that one`;
      return [{ path: [...path, 'needs'], message }];
    };
    const all: Problem[] =
      checks.length > 0 && checks.every(isHidden)
        ? [{ path: ['tasks', t, 'checks'], message: 'checks: all are hidden; the student must see at least one' }]
        : [];
    return [...all, ...checks.flatMap(problemsOf)];
  });
};

/** A hint can only take points that its task has. */
const costProblems = (tasks: readonly Raw[]): readonly Problem[] =>
  tasks.flatMap((task, t) => {
    const points = listOf(task.checks).reduce((sum, check) => sum + Number(check.points ?? 1), 0);
    return listOf(task.hints).flatMap(({ cost }, h): Problem[] =>
      typeof cost === 'number' && cost > points
        ? [
            {
              path: ['tasks', t, 'hints', h, 'cost'],
              message: `cost: is ${cost}, must be at most the points of the task, ${points}`,
            },
          ]
        : [],
    );
  });

const placeProblems = (check: Raw, machines: Machines, path: Path): readonly Problem[] =>
  (['from', 'on', 'to'] as const).flatMap((field) =>
    (Array.isArray(check[field]) ? check[field] : [check[field]]).flatMap((place) =>
      placeProblem(String(place ?? ''), field, machines, path),
    ),
  );

/** The other places of a check that changes the cluster. */
const changeProblems = (check: Raw, machines: Machines, path: Path): readonly Problem[] => {
  if (check.type !== 'change') return [];
  const object = String(check.object ?? '');
  const node = object.replace(/^node\//, '');
  const isOutage = check.do === 'stop-node' || check.do === 'reboot-node';
  // With `needs`, another check looks first whether the student has installed a kube-proxy there.
  const isOutside = machines.nodes.includes(node) && !machines.proxies.includes(node) && check.needs === undefined;
  return [
    ...(check.do === 'restart-kube-proxy' && isOutside
      ? [{ path: [...path, 'object'], message: `object: ${node} has no kube-proxy in this lab; write another node` }]
      : []),
    ...(object.startsWith('node/') ? placeProblem(object, 'object', machines, path) : []),
    ...(isOutage && machines.controlPlanes.includes(node)
      ? [{ path: [...path, 'object'], message: `object: the API server runs on ${node}; write another node` }]
      : []),
    ...listOf(check.during).flatMap(({ from }) => placeProblem(String(from ?? ''), 'during', machines, path)),
  ];
};

const placeProblem = (place: string, field: string, machines: Machines, path: Path): readonly Problem[] => {
  const [kind, name = ''] = place.split('/');
  if (!machines.isComplete) return [];
  const at: Path = [...path, field];
  const isAbsent = (names: readonly string[]): boolean => name !== '' && name !== '*' && !names.includes(name);
  const other = placeOf(name, machines);
  const adviceFor = (names: readonly string[]): string =>
    other === undefined ? didYouMean(name, names) : `; write ${other}`;
  if (kind === 'node' && isAbsent(machines.nodes))
    return [{ path: at, message: `${field}: there is no node "${name}"${adviceFor(machines.nodes)}` }];
  if (kind === 'machine' && isAbsent(machines.others)) {
    const advice = adviceFor(machines.others);
    return [{ path: at, message: `${field}: there is no machine "${name}" in cluster.machines${advice}` }];
  }
  if (kind === 'client' && isAbsent(machines.clients))
    return [{ path: at, message: `${field}: there is no client "${name}"${adviceFor(machines.clients)}` }];
  if (kind === 'client' && machines.clients.length === 0)
    return [{ path: at, message: `${field}: the lab has no client; add one to cluster.clients` }];
  return [];
};

/** Problems that the kind of the check finds. */
const kindProblems = (check: Raw, path: Path): readonly Problem[] =>
  (findKind(check.type)?.mistakes?.(check) ?? []).map(({ field, message }) =>
    field === undefined ? { path, message } : { path: [...path, field], message: `${field}: ${message}` },
  );

/** `${node.address}` is filled in for each place of `on` or `from`. */
const templateProblems = (check: Raw, path: Path): readonly Problem[] => {
  const fields = JSON.stringify(check).match(/\$\{node\.[^}]*\}/g) ?? [];
  const unknown = fields.find((text) => !/^\$\{node\.(name|address)\}$/.test(text));
  if (unknown) return [{ path, message: `there is no ${unknown}: write \${node.name} or \${node.address}` }];
  const kind = findKind(check.type);
  if (fields.length === 0 || !kind || (placeField(check) && !kind.fillsItself)) return [];
  return [{ path, message: `${fields[0]}: a check of the type ${kind.type} looks at no node` }];
};

const cycleProblems = (tasks: readonly Raw[]): readonly Problem[] => {
  const edges = new Map<string, { needs: readonly string[]; path: Path }>();
  tasks.forEach((task, t) => {
    listOf(task.checks).forEach((check, c) => {
      edges.set(`${String(task.id)}/${String(check.id)}`, {
        needs: needsIn(check).map((need) => (need.includes('/') ? need : `${String(task.id)}/${need}`)),
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
    .map(([id, { path }]) => ({ path, message: `needs: check "${id}" needs itself through other checks` }));
};
