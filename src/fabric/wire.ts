// Connects machines to the lab's bridges: by veth pairs from the machine's network namespace to the fabric's.
import {
  portOf,
  qualityText,
  queueKind,
  queueModules,
  type Wired,
  type WireLink,
  type WireParams,
  type WireRoute,
} from '../api/wiring.ts';
import { machineInit } from './processes.ts';
import { queueCommand } from './queue.ts';
import { AgentError, type Netns, run, runOk } from './run.ts';
import { cleanJson } from './tool-text.ts';

const timeoutMs = 5000;

export interface WireOptions {
  /** The namespace that holds the bridge. Default: the agent's own. */
  readonly home?: Netns;
}

interface IpLink {
  readonly ifindex: number;
  readonly ifname: string;
  readonly link_index?: number;
  readonly master?: string;
  readonly operstate?: string;
}

/**
 * Creates the bridges and the links. A link that is already right stays unchanged.
 */
export const wire = async (params: WireParams, options: WireOptions = {}): Promise<Wired> => {
  const home = { netns: options.home, timeoutMs };
  for (const { pid } of params.links) machineInit(pid);
  const [here, there] = await Promise.all([
    linksIn(options.home),
    Promise.all(params.links.map(async (link) => ({ link, links: await linksIn(netnsOf(link)) }))),
  ]);
  const missing = there.filter(({ link, links }) => !isPluggedIn(link, bridgeFor(link, params), here, links));
  await Promise.all(
    missing
      .filter(({ link, links }) => links.some(({ ifname }) => ifname === link.interface))
      .map(({ link }) => remove(link)),
  );
  const batch = async (commands: readonly string[]): Promise<void> => {
    if (commands.length > 0) await runOk(['ip', '-batch', '-'], { ...home, input: commands.join('\n') });
  };
  const pairs = missing.flatMap(({ link }) => pairCommands(link, here));
  const ups = missing.map(({ link }) => `link set ${portOf(link)} master ${bridgeFor(link, params)} up`);
  await batch([...bridgesCommands(params, here), ...pairs]);
  // A port that is up has its queue: so an interrupted wiring is repeated, and no packet passes before.
  for (const { link } of missing) await addQueue(link, options.home);
  await batch([...ups, ...missing.flatMap(({ link }) => neighbourCommands(link, params))]);
  const entries = missing.map(({ link }) => `fdb replace ${link.mac} dev ${portOf(link)} master static sticky`);
  if (entries.length > 0) await runOk(['bridge', '-batch', '-'], { ...home, input: entries.join('\n') });
  await Promise.all(
    missing.map(({ link }) =>
      runOk(['ip', '-batch', '-'], { netns: netnsOf(link), timeoutMs, input: addressCommands(link).join('\n') }),
    ),
  );
  // A route needs the links of its machine, whichever they are.
  const machines = Map.groupBy(missing, ({ link }) => link.machine);
  await Promise.all(
    [...machines].map(async ([machine, [first]]) => {
      const input = (params.routes ?? []).filter((route) => route.machine === machine).map(routeCommand);
      if (first && input.length > 0)
        await runOk(['ip', '-batch', '-'], { netns: netnsOf(first.link), timeoutMs, input: input.join('\n') });
    }),
  );
  return { wired: [...machines.keys()], links: missing.length };
};

const bridgeFor = ({ bridge }: WireLink, params: WireParams): string => bridge ?? params.bridge.name;

/** The kernel may be removing the link already, because the namespace of its other end has ended. */
const remove = async (link: WireLink): Promise<void> => {
  const command = ['ip', 'link', 'delete', link.interface];
  const { code, stderr } = await run(command, { netns: netnsOf(link), timeoutMs });
  if (code !== 0 && !/Cannot find device/.test(stderr))
    throw new AgentError('FABRIC_TOOL', `\`ip link delete\` failed: ${stderr.trim()}`);
};

const netnsOf = ({ pid }: WireLink): Netns => ({ path: `/proc/${pid}/ns/net` });

const linksIn = async (netns: Netns | undefined): Promise<readonly IpLink[]> =>
  JSON.parse(cleanJson(await runOk(['ip', '-json', 'link'], { netns, timeoutMs })) || '[]');

/** Both ends exist and are peers. A restarted machine has a new namespace without the link. */
const isPluggedIn = (link: WireLink, bridge: string, here: readonly IpLink[], there: readonly IpLink[]): boolean => {
  const port = here.find(({ ifname }) => ifname === portOf(link));
  const inside = there.find(({ ifname }) => ifname === link.interface);
  return (
    port !== undefined &&
    inside !== undefined &&
    port.master === bridge &&
    port.link_index === inside.ifindex &&
    inside.link_index === port.ifindex &&
    port.operstate === 'UP'
  );
};

/** Only the bridge of the nodes' network has an address: the end of packets that leave the lab. */
const bridgesCommands = (params: WireParams, here: readonly IpLink[]): readonly string[] => {
  const { name: main, address, prefix } = params.bridge;
  const names = new Set([main, ...params.links.map((link) => bridgeFor(link, params))]);
  return [...names]
    .filter((name) => !here.some(({ ifname }) => ifname === name))
    .flatMap((name) => [
      `link add ${name} type bridge stp_state 0 forward_delay 0`,
      // In one command, the bridge would be up first, and get an address of IPv6.
      `link set ${name} addrgenmode none`,
      `link set ${name} up`,
      ...(name === main ? [`address add ${address}/${prefix} dev ${name}`] : []),
    ]);
};

const pairCommands = (link: WireLink, here: readonly IpLink[]): readonly string[] => {
  const port = portOf(link);
  return [
    ...(here.some(({ ifname }) => ifname === port) ? [`link delete ${port}`] : []),
    `link add ${port} type veth peer name ${link.interface} address ${link.mac} netns ${link.pid}`,
    `link set ${port} addrgenmode none`,
  ];
};

/**
 * The fabric asks nobody where a machine is, and the bridge learns no other port for its address: so no other machine
 * can take what the fabric sends to it. Only the nodes' network has the fabric in it.
 */
const neighbourCommands = ({ address, mac, bridge }: WireLink, params: WireParams): readonly string[] =>
  address === undefined || bridge !== undefined
    ? []
    : [`neigh replace ${address} lladdr ${mac} dev ${params.bridge.name} nud permanent`];

/** At the bridge's end, which no student reaches. So it takes effect on what the machine receives. */
const addQueue = async (link: WireLink, home: Netns | undefined): Promise<void> => {
  const { quality = {}, machine } = link;
  const kind = queueKind(quality);
  if (kind === undefined) return;
  const { code, stderr } = await run(['tc', ...queueCommand(portOf(link), quality)], { netns: home, timeoutMs });
  if (code === 0) return;
  if (!/qdisc kind is unknown|No such file or directory/.test(stderr))
    throw new AgentError('FABRIC_TOOL', `\`tc qdisc\` failed: ${stderr.trim()}`);
  const text = qualityText(quality);
  throw new AgentError(
    'FABRIC_NO_QUEUE',
    `The kernel has no ${queueModules[kind]} for the link of ${machine}: ${text}`,
  );
};

const addressCommands = (link: WireLink): readonly string[] => [
  'link set lo up',
  ...(link.address === undefined ? [] : [`address add ${link.address}/${link.prefix} dev ${link.interface}`]),
  `link set ${link.interface} up`,
  ...(link.gateway === undefined ? [] : [`route add default via ${link.gateway} dev ${link.interface}`]),
];

/** Replaces, because the routes of a link that stayed are still there. */
const routeCommand = ({ to, via }: WireRoute): string => `route replace ${to} via ${via}`;
