// The cluster of a lab.yaml: its shape and its defaults. cluster-problems.ts checks how its fields go together.
import * as z from 'zod';
import { clusterLimits, clusterNetwork, ownProxy, podNetworks, reservedProxyFlags } from '../../api/cluster.ts';
import { proxyModes } from '../../api/proxy-modes.ts';
import { parseCidr, parseIpv4 } from '../../api/scalars.ts';
import { messageOf } from '../../kit/error.ts';
import { linkQuality } from './link-quality.ts';

/** A refinement that reports what `parse` throws. */
const refineBy =
  <T>(parse: (text: string) => T) =>
  (text: string, context: z.RefinementCtx): void => {
    try {
      parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error), input: text });
    }
  };

const cidr = z
  .string()
  .superRefine(refineBy(parseCidr))
  .transform(parseCidr)
  .meta({ description: 'A network.', title: 'network', examples: ['10.1.0.0/24'] });
const ipv4 = z.string().superRefine(refineBy(parseIpv4)).transform(parseIpv4).meta({ title: 'address' });

const { machineNameLength } = clusterLimits;

const machineName = z
  .string()
  .regex(new RegExp(`^[a-z]([-a-z0-9]{0,${machineNameLength - 2}}[a-z0-9])?$`), {
    error: (issue) =>
      `"${issue.input}" is not a machine name: at most ${machineNameLength} lower-case letters, digits and hyphens, ` +
      'starting with a letter and not ending with a hyphen',
  })
  .meta({
    description: `A machine’s name and host name: at most ${machineNameLength} lower-case letters, digits and hyphens.`,
    title: 'name',
    examples: ['node01'],
  });

/** What lab.yaml may leave out. */
export const clusterDefaults = {
  clients: [{ name: 'client' }],
  nodeCidr: '192.168.56.0/24',
  podCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/12',
};

/** As Kubernetes checks it: a name of at most 63 characters, before it perhaps a domain and a slash. */
const labelKey = z
  .string()
  .regex(/^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/, {
    error: (issue) => `"${issue.input}" is not the key of a label, such as disk or example.org/disk`,
  });
const labelValue = z.string().regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/, {
  error: (issue) =>
    `"${issue.input}" is not the value of a label: at most 63 letters, digits, hyphens, dots and underscores`,
});

const routes = z
  .array(
    z.strictObject({
      to: z
        .string()
        .superRefine((text, context) => {
          if (text !== 'default') refineBy(parseCidr)(text, context);
        })
        .transform((text) => (text === 'default' ? text : parseCidr(text)))
        .meta({ description: 'A network, or default.', examples: ['10.2.0.0/24', 'default'] }),
      via: ipv4.meta({
        description: 'The next router’s address, on a network of this machine.',
        examples: ['192.168.56.200'],
      }),
    }),
  )
  .meta({
    description: 'Routes that the machine has beside those to its own networks.',
    examples: [[{ to: '10.2.0.0/24', via: '192.168.56.200' }]],
  });

const machineSchema = z.strictObject({
  name: machineName,
  role: z
    .enum(['router', 'host'])
    .default('host')
    .meta({ description: 'A router forwards packets (net.ipv4.ip_forward is 1).' }),
  networks: z
    .array(
      z.strictObject({
        name: z.string().meta({
          description: `A name of \`networks\`, or ${clusterNetwork}: the nodes’ network.`,
          examples: ['lan-a', clusterNetwork],
        }),
        address: ipv4.exactOptional().meta({
          description: 'The address of the interface. Without it, the interface has none, and the student gives it.',
          examples: ['10.1.0.1'],
        }),
        link: linkQuality('What the machine receives by this interface is delayed, lost or slow.').exactOptional(),
      }),
    )
    .min(1)
    .max(clusterLimits.interfaces)
    .meta({
      description: 'One interface each, in this order: eth0, eth1, …',
      examples: [[{ name: 'lan-a', address: '10.1.0.1' }]],
    }),
  routes: routes.exactOptional(),
});

const nodeSchema = z.strictObject({
  name: machineName,
  role: z
    .enum(['control-plane', 'worker'])
    .default('worker')
    .meta({ description: 'Exactly one node is the control plane.' }),
  labels: z
    .record(labelKey, labelValue)
    .exactOptional()
    .meta({ description: 'Labels of the Node object.', examples: [{ disk: 'ssd' }] }),
  zone: labelValue
    .exactOptional()
    .meta({ description: 'Value of the label topology.kubernetes.io/zone.', examples: ['a'] }),
  routes: routes.exactOptional(),
  link: linkQuality('What the node receives is delayed, lost or slow.').exactOptional(),
  proxy: z
    .union([z.boolean(), z.literal(ownProxy)])
    .exactOptional()
    .meta({
      examples: [false, ownProxy],
      description:
        'false: no kube-proxy on this node. Only its program is there. own: the program of the student takes its place ' +
        '(`labs install-proxy`). Default: true.',
    }),
});

/** systemd reads the flags from a unit: no spaces, quotes or characters that it replaces. */
const proxyFlag = z
  .string()
  .regex(/^--[a-z][-a-z0-9]*(=[^\s"'`$%\\]*)?$/, {
    error: (issue) => `"${issue.input}" is not a flag such as --masquerade-all or --min-sync-period=5s`,
  })
  .superRefine((flag, context) => {
    const name = flag.split('=')[0] ?? '';
    if (!Object.hasOwn(reservedProxyFlags, name)) return;
    const field = reservedProxyFlags[name];
    const instead = field === undefined ? '' : `; write \`${field}\` in \`proxy\``;
    context.addIssue({ code: 'custom', message: `labs sets ${name} itself${instead}`, input: flag });
  });

const proxySchema = z.strictObject({
  mode: z
    .enum([...proxyModes, 'none', ownProxy])
    .exactOptional()
    .meta({
      description:
        'How kube-proxy programs the kernel; default: iptables. none: no node has a kube-proxy, only its program is ' +
        'there. own: a program of the student takes its place on each node.',
    }),
  fallback: z.boolean().exactOptional().meta({
    description: 'Whether iptables mode will do where the kernel cannot run mode ipvs. Otherwise `labs start` fails.',
  }),
  verbosity: z
    .int()
    .min(0)
    .max(10)
    .default(4)
    .meta({ description: 'How much kube-proxy logs: its flag -v.', examples: [6] }),
  flags: z
    .array(proxyFlag)
    .exactOptional()
    .meta({ description: 'Further flags of kube-proxy.', examples: [['--masquerade-all']] }),
});

/** The shape of `cluster` in lab.yaml. `clusterProblems` checks how its fields go together. */
export const clusterSchema = z
  .strictObject({
    nodes: z
      .array(nodeSchema)
      .min(1)
      .meta({
        description: 'In the order of the pod subnets. Exactly one is the control plane.',
        examples: [[{ name: 'controlplane', role: 'control-plane' }, { name: 'node01' }]],
      }),
    clients: z
      .array(
        z.strictObject({
          name: machineName,
          routes: routes.exactOptional(),
          link: linkQuality('What the client receives is delayed, lost or slow.').exactOptional(),
        }),
      )
      .default(clusterDefaults.clients)
      .meta({
        description: 'Machines outside of the cluster, on the nodes’ network.',
        examples: [[{ name: 'client' }]],
      }),
    networks: z
      .array(
        z.strictObject({
          name: machineName,
          cidr,
          link: linkQuality(
            'What crosses the network is delayed, lost or slow: each link to a machine has it. ' +
              'A machine’s own `link` replaces it.',
          ).exactOptional(),
        }),
      )
      .exactOptional()
      .meta({
        description:
          'Further networks. Each is a bridge; one of two machines is a cable between them. Machines reach other networks only through routers.',
        examples: [[{ name: 'lan-a', cidr: '10.1.0.0/24' }]],
      }),
    machines: z
      .array(machineSchema)
      .exactOptional()
      .meta({
        description: 'Routers and hosts without Kubernetes, on any of the networks.',
        examples: [[{ name: 'r1', role: 'router', networks: [{ name: 'lan-a', address: '10.1.0.1' }] }]],
      }),
    nodeCidr: cidr.prefault(clusterDefaults.nodeCidr).meta({ description: 'The nodes’ network.' }),
    podCidr: cidr
      .prefault(clusterDefaults.podCidr)
      .meta({ description: 'The network of all pods. Each node has a /24 of it.' }),
    serviceCidr: cidr
      .prefault(clusterDefaults.serviceCidr)
      .meta({ description: 'The range of the services’ addresses. The three ranges must not overlap.' }),
    dnsAddress: ipv4.exactOptional().meta({
      description: 'The address of the cluster DNS. Default: the tenth address of serviceCidr.',
      examples: ['10.96.0.10'],
    }),
    loadBalancerCidr: cidr.exactOptional().meta({
      description:
        'Addresses of the nodes’ network for services of the type LoadBalancer. A node announces each address to the ' +
        'clients. Default: such services get no address.',
      examples: ['192.168.56.224/28'],
    }),
    podNetwork: z.enum(podNetworks).default('routes').meta({
      description: 'How pods on different nodes reach each other. none: not at all, until the student sets the routes.',
    }),
    proxy: proxySchema.prefault({}).meta({ description: 'kube-proxy on all nodes.' }),
  })
  .meta({ description: 'The machines and networks of the lab.' });

/** What the schema has read, with the modes `none` and `own` of kube-proxy written at each node. */
export const withoutShortForms = ({ proxy: { mode, ...proxy }, nodes, ...rest }: z.output<typeof clusterSchema>) => {
  if (mode === 'none') return { ...rest, nodes: nodes.map((node) => ({ ...node, proxy: false })), proxy };
  if (mode === ownProxy)
    return { ...rest, nodes: nodes.map((node) => ({ ...node, proxy: ownProxy as typeof ownProxy })), proxy };
  return { ...rest, nodes, proxy: mode === undefined ? proxy : { ...proxy, mode } };
};
