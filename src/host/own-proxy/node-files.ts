// What a node gets: the student's program, and the unit that runs the program in the place of kube-proxy.
import { createHash } from 'node:crypto';
import { basename, dirname } from 'node:path';
import { nodePaths } from '../../api/paths.ts';
import type { OwnProgram } from './program.ts';

/** kube-proxy's name, so that `systemctl`, `journalctl`, `labs logs` and checks find the program there. */
export const ownProxyUnit = 'kube-proxy';

const unitFile = `/etc/systemd/system/${ownProxyUnit}.service`;
const enabled = `/etc/systemd/system/labs.target.wants/${ownProxyUnit}.service`;

export interface NodeFacts {
  readonly node: string;
  readonly podCidr: string;
}

export const entryPath = ({ entry }: OwnProgram): string => `${nodePaths.ownProxy}/${entry}`;

/** Shell commands that write all files of the program, in the place of those that are there. */
export const writeFiles = (program: OwnProgram, facts: NodeFacts): string =>
  [
    `rm -rf ${nodePaths.ownProxy}`,
    ...[...program.files].map(([path, content]) => write(`${nodePaths.ownProxy}/${path}`, content)),
    // Without it, Node reads each file twice to find out that it is a module.
    write(`${nodePaths.ownProxy}/package.json`, '{ "type": "module" }\n'),
    write(unitFile, unitOf(program, facts)),
    `ln -sf ../${ownProxyUnit}.service ${enabled}`,
  ].join('\n');

export const removeFiles = `rm -rf ${nodePaths.ownProxy} ${unitFile} ${enabled}`;

const write = (path: string, content: string): string =>
  `mkdir -p '${dirname(path)}'; base64 -d > '${path}' <<< ${Buffer.from(content).toString('base64')}`;

const unitOf = (program: OwnProgram, { node, podCidr }: NodeFacts): string => `[Unit]
Description=${program.entry}: a service proxy in the place of kube-proxy
DefaultDependencies=no
Conflicts=shutdown.target
Before=shutdown.target
StartLimitIntervalSec=0

[Service]
Environment=NODE_NAME=${node} POD_CIDR=${podCidr}
ExecStart=/usr/bin/node --title=${ownProxyUnit} --max-semi-space-size=2 \\
  ${entryPath(program)}
SyslogIdentifier=${basename(program.entry)}
Restart=always
RestartSec=1s

[Install]
WantedBy=labs.target
`;

/** By this record the fabric tells the program from another one in its unit (`src/fabric/genuine.ts`). */
export const recordOf = (program: OwnProgram): string =>
  JSON.stringify({
    entry: entryPath(program),
    files: Object.fromEntries(
      [...program.files].map(([path, content]) => [
        `${nodePaths.ownProxy}/${path}`,
        createHash('sha256').update(content).digest('hex'),
      ]),
    ),
  });

/**
 * Removes all rules, except those of CNI plugins: a program that is installed writes its own, and what an earlier one
 * has left would hide its mistakes.
 */
export const removeRules = `clean='
  /^:/ { if ($2 != "-") print $1, "ACCEPT [0:0]"; else if ($1 ~ /^:CNI-/) print; next }
  /^-A/ { if (/CNI-/) print; next }
  /^[*C]/'
for program in iptables iptables-legacy; do
  rules=$($program-save 2> /dev/null | awk "$clean" || true)
  [ -z "$rules" ] || $program-restore <<< "$rules"
done
nft list tables | grep -vE '^table ip6? (raw|mangle|nat|filter|security)$' | while read -r table; do
  nft delete $table
done || true`;
