// What authors read about each kind of check, in editors and in docs/authoring/reference.md: what it proves, what it
// does not, and one example of it.

export interface Explained {
  /** Markdown, after the kind's summary. */
  readonly about: string;
  /** The check as in lab.yaml, without the fields that all kinds have. */
  readonly example: Readonly<Record<string, unknown>>;
}

const clusterIp = `\${service/web:.spec.clusterIP}`;

const arrives =
  'The request must also arrive where it should (`lands`). A request from a pod or a client must leave the ' +
  'sender for the address that the check ' +
  'names: what the sender answers itself (an address on `lo`) or sends elsewhere (DNAT in its own namespace) ' +
  'does not count. On a node, ' +
  'kube-proxy’s own rules do this. With `times`, `spread` or `sticky`, each request has a connection of its own and must be answered as described.';

const log =
  'With `unit`, or with the path of a component’s log, the check reads the machine’s journal: it counts only ' +
  'lines that journald received from the ' +
  'component itself. Any other file is the student’s.';

/** By the kind's type. A test proves that each kind is here, and that each example is valid. */
export const explained: Readonly<Record<string, Explained>> = {
  http: {
    about: arrives,
    example: { from: 'node/*', url: `http://${clusterIp}/`, body: 'pod: web', lands: 'pod/web' },
  },
  tcp: {
    about: arrives,
    example: { from: 'pod/blue', to: 'db:3306', banner: 'MariaDB', lands: 'pod/db' },
  },
  lookup: {
    about:
      'A pod asks as its programs do: the name servers, the search list and `ndots` are those of its ' +
      '`/etc/resolv.conf`. Other places ask the service kube-dns, and complete names as a pod in the namespace ' +
      '`default`. The cluster DNS must answer. An entry in `/etc/hosts` proves nothing here. `http` and `tcp` ' +
      'resolve names in the same way.',
    example: { from: 'pod/blue', name: 'web', address: clusterIp },
  },
  path: {
    about:
      'A model follows the packets; what nobody can judge never passes. `endpoints` and `arrives` ask whether the ' +
      'answer comes back, too. `masqueraded` and `sourcePreserved` look at the way there only, but not at where it ends. ' +
      'No value asks for an arrival without an answer. `sourcePreserved` comes nearest: the packets arrive at a ' +
      'machine that has the address. A `route` check on each machine of the way refuses other routes that lead ' +
      'there, too.',
    example: { from: ['node/*', 'pod/blue'], to: `${clusterIp}:80`, expect: ['endpoints', 'balanced'] },
  },
  twin: {
    about:
      'The student may use whatever rules: the fabric runs labs’ own kube-proxy in the node’s place, and the ' +
      'check compares where packets end, with ' +
      'which source address and how often, and whether the answers come back. Routes and other links are the ' +
      'node’s own on both sides: a `path` check ' +
      'finds what is wrong there. It sends up to 1,500 packets through the model: to each service by all its ' +
      'addresses from pods, nodes and outside, ' +
      'and to what is no service. To a service with session affinity it sends a second packet of the same ' +
      'client, except in the mode `ipvs`. Broken in ' +
      'the mode `userspace`.',
    example: { on: 'node/node01' },
  },
  untouched: {
    about:
      'The tables hold what kube-proxy writes for the objects, the rules for host ports of pods, and nothing ' +
      'else: rules, their order where it matters, chains, ' +
      'policies, native nft tables, iptables-legacy, IPv6, ipset, IPVS; the namespaces of the node’s pods ' +
      'hold none. Broken in the mode `userspace`.',
    example: { on: 'node/*', allow: { nft: 'inet lab' } },
  },
  change: {
    about:
      'After the change, packets from `from` to `to` reach every ready endpoint within `converges`, by the ' +
      'model and by real connections, and at most ' +
      '`failures` of the requests fail meanwhile. They are sent whether others wait or not. What `do` does:\n\n' +
      '- `delete-pod`: deletes the pod, and makes it again unless a controller does.\n' +
      '- `add-endpoint`: starts one more pod like those of the service.\n' +
      '- `scale`: sets the number of pods to `replicas`.\n' +
      '- `restart-kube-proxy`: restarts kube-proxy on the node.\n' +
      '- `stop-node`: takes the node off the network, as a power cut does. The cluster needs 30 to 40 s to ' +
      'notice; then its pods leave the endpoints.\n' +
      '- `reboot-node`: takes the node off the network for 5 s, and restarts kubelet, kube-proxy and podnet ' +
      'there; those that were stopped stay stopped.',
    example: { do: 'delete-pod', object: 'pod/web', from: 'pod/blue', to: `${clusterIp}:80`, failures: 5 },
  },
  iptables: {
    about:
      'The text of a rule proves little: prefer `packet`, which all rules of the place decide. A packet that ' +
      'a route or a kernel parameter loses is not `dropped`.',
    example: { on: 'node/*', packet: { from: 'pod/blue', to: `${clusterIp}:80`, lands: 'endpoints/web' } },
  },
  nftables: {
    about: 'Where packets go by such rules is a `packet`, or a `path` check.',
    example: { on: 'node/node01', rules: { family: 'inet', table: 'lab', has: ['tcp dport 80', 'dnat'] } },
  },
  ipvs: {
    about:
      'The real servers must be exactly those of `lands`. A kernel without `ip_vs` breaks the check and ' +
      'costs nothing.',
    example: { on: 'node/*', to: `${clusterIp}:80`, scheduler: 'rr', lands: 'endpoints/web' },
  },
  conntrack: {
    about:
      'The entries of labs’ own `http` and `tcp` probes are left out on the machine that sees their first ' +
      'packet. A counted entry proves that a packet with ' +
      'these addresses passed the kernel, and not who sent it.',
    example: { on: 'node/node01', protocol: 'tcp', replied: true, original: { destination: clusterIp, dport: 80 } },
  },
  sysctl: {
    about: 'A parameter that the kernel lacks never passes.',
    example: { on: 'node/*', name: 'net.ipv4.ip_forward', value: 1 },
  },
  policy: {
    about:
      'The check reads the network policies in the API. No part of labs enforces policies, so no other check ' +
      'sees them.',
    example: { from: 'pod/shop/app=web', to: 'pod/shop/db', port: 3306, expect: 'denied' },
  },
  link: {
    about: 'All given fields must hold for the same interface.',
    example: { on: 'node/*', name: 'cni0', kind: 'bridge', up: true },
  },
  route: {
    about:
      'Whether packets take the route, and whether an answer comes back, is a `path` check. The check is exact: ' +
      '`default`, or a larger network that leads the same way, is another route and does not pass. Use it only if ' +
      'the text asks for this route, and otherwise `path`, `http` or `tcp`.',
    example: { on: 'node/node01', to: '10.244.2.0/24', via: '192.168.56.12' },
  },
  object: {
    about:
      'With `history`, `where` is about the object’s last state. The API server remembers the last hundred ' +
      'deletions of each kind, also after a restart, but ' +
      'none of events and leases.',
    example: { object: 'service/web', where: [{ path: '.spec.ports[0].port', equals: 80 }] },
  },
  process: {
    about: 'Whether the program works is a matter of other checks.',
    example: { on: 'node/*', name: 'kube-proxy', arguments: '--proxy-mode=nftables' },
  },
  file: {
    about: 'The student is root and can write into every file: use it for what the student should write.',
    example: { on: 'node/node01', path: '/root/chain.txt', content: 'KUBE-SVC' },
  },
  log: { about: log, example: { on: 'node/node01', unit: 'kube-proxy', line: 'SyncProxyRules complete' } },
  answer: {
    about:
      'Exactly one field says which answer is right. `veth`, `gateway`, `rule`, `flag` and `script` agree ' +
      'with the cluster; `equals`, `matches` and `hash` are ' +
      'the same for all students.',
    example: { question: 'What is the node’s end of the veth pair of blue?', veth: 'pod/blue' },
  },
  script: {
    about:
      'The script resolves with `{ pass: true, observed }` or `{ pass: false, expected, observed, hint, ' +
      'points }`. Use it for what no other kind can say.',
    example: { file: 'checks/balance.ts' },
  },
};
