// Connects machines to the lab's bridge: one veth pair each, from the machine's network namespace to the fabric's.
import { bridgePort, type WireLink, type WireParams } from '../api/wiring.ts';
import { machineInit } from './processes.ts';
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
 * Creates the bridge and the links. A link that is already right stays unchanged.
 * @returns the machines that got a new link
 */
export const wire = async (params: WireParams, options: WireOptions = {}): Promise<{ wired: readonly string[] }> => {
  const home = { netns: options.home, timeoutMs };
  for (const { pid } of params.links) machineInit(pid);
  const [here, there] = await Promise.all([
    linksIn(options.home),
    Promise.all(params.links.map(async (link) => ({ link, links: await linksIn(netnsOf(link)) }))),
  ]);
  const missing = there.filter(({ link, links }) => !isPluggedIn(link, params.bridge.name, here, links));
  const bridge = here.some(({ ifname }) => ifname === params.bridge.name) ? [] : bridgeCommands(params);
  const plugs = missing.flatMap(({ link }) => plugCommands(link, params.bridge.name, here));
  await Promise.all(
    missing
      .filter(({ link, links }) => links.some(({ ifname }) => ifname === link.interface))
      .map(({ link }) => remove(link)),
  );
  const commands = [...bridge, ...plugs];
  if (commands.length > 0) await runOk(['ip', '-batch', '-'], { ...home, input: commands.join('\n') });
  await Promise.all(
    missing.map(({ link }) =>
      runOk(['ip', '-batch', '-'], { netns: netnsOf(link), timeoutMs, input: addressCommands(link).join('\n') }),
    ),
  );
  return { wired: missing.map(({ link }) => link.machine) };
};

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
  const port = here.find(({ ifname }) => ifname === bridgePort(link.address));
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

const bridgeCommands = ({ bridge }: WireParams): readonly string[] => [
  `link add ${bridge.name} type bridge stp_state 0 forward_delay 0`,
  `link set ${bridge.name} addrgenmode none up`,
  `address add ${bridge.address}/${bridge.prefix} dev ${bridge.name}`,
];

const plugCommands = (link: WireLink, bridge: string, here: readonly IpLink[]): readonly string[] => {
  const port = bridgePort(link.address);
  return [
    ...(here.some(({ ifname }) => ifname === port) ? [`link delete ${port}`] : []),
    `link add ${port} type veth peer name ${link.interface} address ${link.mac} netns ${link.pid}`,
    `link set ${port} addrgenmode none master ${bridge} up`,
  ];
};

const addressCommands = (link: WireLink): readonly string[] => [
  'link set lo up',
  `address add ${link.address}/${link.prefix} dev ${link.interface}`,
  `link set ${link.interface} up`,
  `route add default via ${link.gateway} dev ${link.interface}`,
];
