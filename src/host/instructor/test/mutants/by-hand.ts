// Wrong solutions: something by hand takes the place of a service.
import { about, type Derivation, idsOf, type Mutant, named, sh, type Undo } from './mutant.ts';
import type { Subject } from './subjects.ts';

const mark = '# labs-test';

/** A name in /etc/hosts, with or without a program that listens at the address, in place of the service. */
export const byHand = (from: Derivation, subject: Subject): readonly Mutant[] => {
  const { calls, say } = from;
  const { namespace, name, endpoint, port, service } = subject;
  const { clusterIP, selector } = service.spec;
  if (endpoint === undefined || port === undefined || selector === undefined || clusterIP === undefined) return [];
  const tasks = named(about(from, subject.key), subject.key);
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
  // Two load balancers that are made anew at once may get each other's address.
  const apart = (group: string): string =>
    service.spec.type === 'LoadBalancer' ? `${group} on ${subject.key}` : group;
  const direct: Mutant = {
    group: apart('hosts'),
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
    group: apart('listener'),
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
