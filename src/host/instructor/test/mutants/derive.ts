// Wrong solutions, derived from what the checks look at: each has a change of the solved cluster, and its undoing.
import type { PlaceRef } from '../../../../api/lab.ts';
import { components } from '../../../../api/paths.ts';
import type { LabCalls } from '../../../script/calls.ts';
import type { TestWords } from '../words.ts';
import type { Subject, TaskSubjects } from './subjects.ts';

/** The same key: done once, also for several wrong solutions that are tried together. */
export interface Undo {
  readonly key: string;
  readonly run: () => Promise<unknown>;
}

export interface Mutant {
  /** Wrong solutions of one group may be tried together, if no task is about two of them. */
  readonly group: string;
  readonly what: string;
  /** Ids of the tasks that promise what it breaks. */
  readonly tasks: readonly string[];
  /** Keys of the services that it touches. */
  readonly services: readonly string[];
  readonly apply: () => Promise<unknown>;
  readonly undo: readonly Undo[];
}

export interface Derivation {
  readonly calls: LabCalls;
  readonly say: TestWords;
  readonly subjects: readonly Subject[];
  readonly tasks: readonly TaskSubjects[];
  /** What each task's fault had stopped, or taken away from a service, and its solution has mended. */
  readonly mended: ReadonlyMap<string, Mended>;
  /** The nodes where kube-proxy writes rules of iptables: only these show how a service works there. */
  readonly ruleNodes: readonly string[];
}

export interface Mended {
  /** `node/unit` */
  readonly units: readonly string[];
  /** Keys of services whose selector was wrong. */
  readonly selectors: readonly string[];
}

export const deriveMutants = (from: Derivation): readonly Mutant[] => [
  ...from.subjects.flatMap((subject) => [
    ...targetPort(from, subject),
    ...servicePort(from, subject),
    ...rule(from, subject),
    ...oneNode(from, subject),
    ...byHand(from, subject),
  ]),
  ...stopped(from),
  ...handmadeEndpoints(from),
];

/** @throws Error when the script fails: a wrong solution that was not made must not pass for a survivor */
const sh = async (calls: LabCalls, place: PlaceRef, script: string): Promise<void> => {
  const { exitCode, stderr } = await calls.run(place, script);
  if (exitCode !== 0) throw new Error(`${place}: ${script}: ${stderr.trim()}`);
};

const about = ({ tasks }: Derivation, key: string): readonly TaskSubjects[] =>
  tasks.filter(({ services }) => services.includes(key));

const idsOf = (tasks: readonly TaskSubjects[]): readonly string[] => tasks.map(({ task }) => task.id);

const patch = ({ calls }: Derivation, { namespace, name }: Subject, change: unknown): Promise<string> =>
  calls.kubectl('patch', 'service', name, '-n', namespace, '--type=json', '-p', JSON.stringify(change));

/** Puts the fields of the spec back as they were. */
const restoreSpec = (from: Derivation, subject: Subject): Undo => {
  const { ports, selector } = subject.service.spec;
  return {
    key: `spec of ${subject.key}`,
    run: () =>
      patch(from, subject, [
        { op: 'add', path: '/spec/ports', value: ports },
        ...(selector === undefined ? [] : [{ op: 'add', path: '/spec/selector', value: selector }]),
      ]),
  };
};

const withPorts = (from: Derivation, subject: Subject, fields: (port: number) => object): Promise<string> =>
  patch(from, subject, [
    {
      op: 'add',
      path: '/spec/ports',
      value: (subject.service.spec.ports ?? []).map((each) => ({ ...each, ...fields(each.port) })),
    },
  ]);

/** Without endpoints, or with endpoints by hand, the target port means nothing. */
const targetPort = (from: Derivation, subject: Subject): readonly Mutant[] =>
  subject.endpoint === undefined || subject.service.spec.selector === undefined
    ? []
    : [
        {
          group: 'target port',
          what: from.say.targetPort(subject.key),
          tasks: idsOf(about(from, subject.key)),
          services: [subject.key],
          apply: () => withPorts(from, subject, () => ({ targetPort: wrongPort(subject.endpoint?.port ?? 0) })),
          undo: [restoreSpec(from, subject)],
        },
      ];

const servicePort = (from: Derivation, subject: Subject): readonly Mutant[] =>
  subject.port === undefined
    ? []
    : [
        {
          group: 'port',
          what: from.say.servicePort(subject.key),
          tasks: idsOf(from.tasks.filter(({ ports }) => ports.includes(subject.key))),
          services: [subject.key],
          apply: () => withPorts(from, subject, (port) => ({ port: wrongPort(port) })),
          undo: [restoreSpec(from, subject)],
        },
      ];

const wrongPort = (port: number): number => (port < 65_000 ? port + 7 : port - 7);

/** kube-proxy would mend its rules within seconds. Frozen, its process is there for all who look for it. */
const freeze = ({ calls }: Derivation, node: string): Promise<unknown> =>
  sh(calls, `node/${node}`, 'systemctl kill --signal=STOP kube-proxy');

const thaw = ({ calls }: Derivation, node: string): Undo => ({
  key: `kube-proxy of ${node}`,
  run: () => sh(calls, `node/${node}`, 'systemctl kill --signal=CONT kube-proxy; systemctl restart kube-proxy'),
});

const rewrite = async ({ calls }: Derivation, node: string, drop: (line: string) => boolean): Promise<void> => {
  const { iptables = '' } = await calls.facts(`node/${node}`, 'iptables');
  const kept = iptables.split('\n').filter((line) => !(line.startsWith('-A') && drop(line)));
  await calls.restoreRules(node, `${kept.join('\n')}\n`, { flush: true });
};

const isAbout = (line: string, key: string): boolean => new RegExp(`--comment "?${key}[": ]`).test(`${line} `);

/** The rule that leads to an endpoint is missing on one node. */
const rule = (from: Derivation, subject: Subject): readonly Mutant[] =>
  subject.endpoint === undefined
    ? []
    : from.ruleNodes.map((node) => ({
        group: `rule on ${node}`,
        what: from.say.rule(subject.key, node),
        tasks: idsOf(about(from, subject.key).filter(({ nodes }) => nodes.includes(node))),
        services: [subject.key],
        apply: async () => {
          await freeze(from, node);
          const to = `${subject.endpoint?.address}:${subject.endpoint?.port}`;
          await rewrite(from, node, (line) => isAbout(line, subject.key) && line.includes(`--to-destination ${to}`));
        },
        undo: [thaw(from, node)],
      }));

/** The rules of the service are on one node only. */
const oneNode = (from: Derivation, subject: Subject): readonly Mutant[] => {
  const onRules = ({ nodes }: TaskSubjects): readonly string[] => nodes.filter((node) => from.ruleNodes.includes(node));
  const several = about(from, subject.key).filter((task) => onRules(task).length > 1);
  const [keep] = several[0] ? onRules(several[0]) : [];
  if (keep === undefined) return [];
  const others = from.ruleNodes.filter((node) => node !== keep);
  return [
    {
      group: 'one node',
      what: from.say.oneNode(subject.key, keep),
      tasks: idsOf(several),
      services: [subject.key],
      apply: async () => {
        for (const node of others) {
          await freeze(from, node);
          await rewrite(from, node, (line) => isAbout(line, subject.key));
        }
      },
      undo: others.map((node) => thaw(from, node)),
    },
  ];
};

const mark = '# labs-test';

/** A name in /etc/hosts, with or without a program that listens at the address, in place of the service. */
const byHand = (from: Derivation, subject: Subject): readonly Mutant[] => {
  const { calls, say } = from;
  const { namespace, name, endpoint, port, service } = subject;
  const { clusterIP, selector } = service.spec;
  if (endpoint === undefined || port === undefined || selector === undefined || clusterIP === undefined) return [];
  const tasks = about(from, subject.key);
  const requests = tasks.flatMap(({ byName }) => byName.filter((each) => each.service === subject.key));
  const remove = (): Promise<string> => calls.kubectl('delete', 'service', name, '-n', namespace);
  const back: Undo = { key: `service ${subject.key}`, run: () => calls.apply(JSON.stringify(bare(subject))) };
  const places = [...new Set(requests.map(({ from: place }) => place))];
  const hosts = async (address: string): Promise<void> => {
    for (const { from: place, host } of requests)
      await sh(calls, place, `echo "${address} ${host} ${mark}" >> /etc/hosts`);
  };
  const noHosts: readonly Undo[] = places.map((place) => ({
    key: `hosts of ${place}`,
    run: () => sh(calls, place, `grep -v '${mark}' /etc/hosts > /tmp/labs-test; cat /tmp/labs-test > /etc/hosts`),
  }));
  const nodes = [...new Set(tasks.flatMap((task) => task.nodes))];
  const unit = `labs-test-${namespace}-${name}`;
  const listen = async (node: string): Promise<void> => {
    const to = `TCP:${endpoint.address}:${endpoint.port}`;
    const relay = (which: string, options: string): string =>
      `systemd-run -q --unit=${unit}-${which} socat ${options} ${to}`;
    const own =
      clusterIP === 'None'
        ? []
        : [
            `ip address add ${clusterIP}/32 dev lo`,
            relay('ip', `TCP-LISTEN:${port.port},bind=${clusterIP},fork,reuseaddr`),
          ];
    const open = port.nodePort === undefined ? [] : [relay('node', `TCP-LISTEN:${port.nodePort},fork,reuseaddr`)];
    await sh(calls, `node/${node}`, [...own, ...open].join('; '));
  };
  const quiet = (node: string): Undo => ({
    key: `listener of ${subject.key} on ${node}`,
    run: () =>
      sh(
        calls,
        `node/${node}`,
        `systemctl stop ${unit}-ip ${unit}-node 2>/dev/null || true; ip address del ${clusterIP}/32 dev lo 2>/dev/null || true`,
      ),
  });
  const direct: Mutant = {
    group: 'hosts',
    what: say.hosts(subject.key),
    tasks: idsOf(tasks.filter(({ byName }) => byName.some((each) => each.service === subject.key))),
    services: [subject.key],
    apply: async () => {
      await remove();
      await hosts(endpoint.address);
    },
    undo: [...noHosts, back],
  };
  const listener: Mutant = {
    group: 'listener',
    what: say.listener(subject.key),
    tasks: idsOf(tasks),
    services: [subject.key],
    apply: async () => {
      await remove();
      await hosts(clusterIP);
      for (const node of nodes) await listen(node);
    },
    undo: [...nodes.map(quiet), ...noHosts, back],
  };
  // The name alone leads to the pod only if its port is that of the service.
  return [
    ...(requests.length > 0 && endpoint.port === port.port ? [direct] : []),
    ...(nodes.length > 0 ? [listener] : []),
  ];
};

/** The service as its author would write it, with the same addresses and ports. */
const bare = ({ namespace, name, service }: Subject): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {
    name,
    namespace,
    ...(service.metadata.labels ? { labels: service.metadata.labels } : {}),
    ...(service.metadata.annotations ? { annotations: service.metadata.annotations } : {}),
  },
  spec: service.spec,
});

/** Without the API server, nothing could be graded. */
const known: ReadonlySet<string> = new Set(components.filter((name) => name !== 'kube-apiserver'));

/** The fault is hidden: what it had stopped is stopped, and what it had written into the kernel is there. */
const stopped = (from: Derivation): readonly Mutant[] => {
  const { calls, say, mended, tasks } = from;
  const wanted = new Map<string, Set<string>>();
  const add = (key: string, task: string): void => void wanted.set(key, (wanted.get(key) ?? new Set()).add(task));
  for (const [task, { units }] of mended) for (const unit of units) add(unit, task);
  for (const { task, components: named } of tasks)
    for (const component of named) if (known.has(component.split('/')[1] ?? '')) add(component, task.id);
  return [...wanted].map(([key, ids]) => {
    const [node = '', unit = ''] = key.split('/');
    return {
      group: `stopped on ${node}`,
      what: say.stopped(unit, node),
      tasks: [...ids],
      services: [],
      apply: () => calls.systemctl(node, 'stop', unit),
      undo: [{ key: `${unit} of ${node}`, run: () => calls.systemctl(node, 'start', unit) }],
    };
  });
};

/** The fault is hidden: the service has no selector, and endpoints that somebody wrote. */
const handmadeEndpoints = (from: Derivation): readonly Mutant[] => {
  const { calls, say, mended, subjects } = from;
  return [...mended].flatMap(([task, { selectors }]) =>
    subjects
      .filter(({ key, endpoint }) => selectors.includes(key) && endpoint !== undefined)
      .map((subject): Mutant => {
        const { namespace, name, endpoint, port } = subject;
        const slice = `${name}-labs-test`;
        return {
          group: 'endpoints',
          what: say.endpoints(subject.key),
          tasks: [task],
          services: [subject.key],
          apply: async () => {
            // First the endpoints, so that the service works all the time.
            await calls.apply(
              JSON.stringify({
                apiVersion: 'discovery.k8s.io/v1',
                kind: 'EndpointSlice',
                metadata: { name: slice, namespace, labels: { 'kubernetes.io/service-name': name } },
                addressType: 'IPv4',
                ports: [
                  { ...(port?.name === undefined ? {} : { name: port.name }), port: endpoint?.port, protocol: 'TCP' },
                ],
                endpoints: [{ addresses: [endpoint?.address], conditions: { ready: true } }],
              }),
            );
            await patch(from, subject, [{ op: 'remove', path: '/spec/selector' }]);
          },
          undo: [
            restoreSpec(from, subject),
            {
              key: `slice of ${subject.key}`,
              run: () => calls.kubectl('delete', 'endpointslice', slice, '-n', namespace, '--ignore-not-found'),
            },
          ],
        };
      }),
  );
};
