// Runs kube-proxy in the place of a node, in a namespace of its own, and reads what it has written.
import type { FabricMethods } from '../api/fabric.ts';
import { componentPorts, nodePaths } from '../api/paths.ts';
import { createLimit } from '../kit/limit.ts';
import { mostTextBytes, parseTexts, readingScript } from './dataplane.ts';
import type { Kube } from './kube.ts';
import { AgentError, run } from './run.ts';

const timeoutMs = 30_000;

/** Each one is a Node process that starts, so more at once take longer. */
const atOnce = createLimit(4);

/**
 * The first process of a process-id namespace: when it ends, the kernel kills all others, and the network namespace and
 * the mounts go with them. It ends with its input, so nothing is left when the agent is killed. Only a Unix socket
 * leads out of the network namespace, to the API server. A twin takes 0.6 s. $1: address of the API server; $2: the
 * script inside; the rest is for that script.
 */
const frame = `
mount -n -t tmpfs twin /run
socat UNIX-LISTEN:/run/api.sock,fork "TCP:$1" &
exec 4<&0
inside=$2
shift 2
{ code=0; unshare --net sh -euc "$inside" twin "$@" || code=$?; printf '\\0end %s\\0' $code; } &
exec cat <&4 > /dev/null`;

/** $1: script that sets the links up; $2: config file; $3: script that reads the data plane; the rest: flags. */
const inside = `
ip link set lo up
eval "$1"
printf %s "$2" > /run/kube-proxy.yaml
reading=$3
shift 3
api=127.0.0.1:${componentPorts.apiServer}
socat "TCP-LISTEN:\${api#*:},bind=\${api%:*},fork,reuseaddr" UNIX-CONNECT:/run/api.sock &
/usr/bin/node ${nodePaths.components}/kube-proxy.js --config=/run/kube-proxy.yaml "--master=https://$api" "$@" >&2 &
proxy=$!
until curl -q -sf -o /run/synced "http://127.0.0.1:${componentPorts.proxyHealth}/livez"; do
  kill -0 $proxy
  sleep 0.02
done
sh -c "$reading"`;

const end = /\0end (\d+)\0$/;

/** @param kube the API server from which kube-proxy reads the objects */
export const createTwin =
  ({ address, get }: Pick<Kube, 'address' | 'get'>) =>
  ({ machine, links, sysctls, config, flags }: FabricMethods['twin']['params'], signal?: AbortSignal) =>
    atOnce(async (): Promise<FabricMethods['twin']['result']> => {
      const { host } = await address();
      const command = [
        ...['unshare', '--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--mount-proc'],
        ...['sh', '-euc', frame, 'twin', host, inside, setUp(links, sysctls), config, readingScript, ...flags],
      ];
      const { stdout, stderr, timedOut } = await run(command, {
        ...{ timeoutMs, signal, maxBytes: mostTextBytes, holdInput: true },
        until: (output) => end.test(output.slice(-20)),
      });
      if (timedOut)
        throw new AgentError('FABRIC_TIMEOUT', `a kube-proxy for ${machine} took more than ${timeoutMs} ms`);
      if (end.exec(stdout.slice(-20))?.[1] !== '0')
        throw new AgentError('FABRIC_TOOL', `kube-proxy could not run for ${machine}: ${stderr.trim().slice(-500)}`);
      // Another program may have answered in the place of the API server.
      await get({ path: '/version' });
      return { machine, isOwn: true, ...parseTexts(machine, stdout.replace(end, '')) };
    });

/** A bridge without ports: a kernel may lack the kind `dummy`. */
const setUp = (
  links: FabricMethods['twin']['params']['links'],
  sysctls: FabricMethods['twin']['params']['sysctls'],
): string =>
  [
    ...Object.entries(links).flatMap(([link, addresses]) => [
      `ip link add ${link} type bridge`,
      ...addresses.map((address) => `ip address add ${address} dev ${link}`),
      `ip link set ${link} up`,
    ]),
    ...Object.entries(sysctls).map(
      ([path, value]) => `[ ! -e /proc/sys/net/${path} ] || echo ${value} > /proc/sys/net/${path}`,
    ),
  ].join('\n');
