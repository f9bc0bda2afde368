// The programs that run in the machines, and how they are started.
import { type Component, nodePaths, programStarter } from '../../api/paths.ts';
import type { PlannedFile } from './types.ts';

/**
 * V8 reserves two semi-spaces of 16 MiB for young objects by default. Components are small, and a node runs several.
 * With 1 MiB, work on many objects takes 15 % longer than with 2.
 * Without the second flag, each process parses 140 certificates of public authorities, and no component uses them.
 */
const nodeFlags = (semiSpaceMiB: 1 | 2) => [`--max-semi-space-size=${semiSpaceMiB}`, '--use-openssl-ca'] as const;

/** Those whose work grows with the number of objects in the cluster. */
const busy: ReadonlySet<Component> = new Set(['kube-apiserver', 'kube-controller-manager', 'kube-proxy']);

/**
 * By default, each thread gets an arena of its own, and glibc keeps more of the freed memory with each large block that
 * is freed. An idle component then keeps a quarter of its memory for nothing.
 */
const allocator = 'MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072';
const nodeProgram = '/usr/bin/node';

const agentBundle = `${nodePaths.components}/fabric.js`;

/** The program that starts the others, with the code that was compiled for them. */
const starter: PlannedFile = { path: programStarter, mode: 0o644, bundle: 'start.js' };

const withCode = (path: string, bundle: string): PlannedFile[] => [
  { path, mode: 0o644, bundle },
  { path: `${path}.cache`, mode: 0o644, bundle: `${bundle}.cache` },
];

/** The fabric's agent. */
export const agentProgram: readonly PlannedFile[] = [starter, ...withCode(agentBundle, 'fabric.js')];

/** The kube-proxy that the fabric runs to see what it writes. */
export const twinProgram: PlannedFile = {
  path: `${nodePaths.components}/kube-proxy.js`,
  mode: 0o644,
  bundle: 'node/kube-proxy.js',
};

/** Starts the agent in the fabric container. */
export const agentCommand = [nodeProgram, ...nodeFlags(2), programStarter, agentBundle, 'agent'] as const;

/** An abstract socket. */
const sharedSocket = 'labs-agent';

const starting = (semiSpaceMiB: 1 | 2): string => [nodeProgram, ...nodeFlags(semiSpaceMiB), programStarter].join(' ');
const inNode = `${starting(2)} ${agentBundle}`;

/**
 * Connects to the agent that all watches of the lab share, or becomes it. The first `socat` only finds out whether
 * somebody listens; the second takes 2 MB, where another Node process would take 40. An agent exits with 3 when another
 * one was quicker. The agent of an older labs knows no sharing and exits with 2.
 */
export const sharedAgentCommand = [
  '/bin/sh',
  '-c',
  [
    `join() { exec socat STDIO ABSTRACT-CONNECT:${sharedSocket}; }`,
    `socat -u OPEN:/dev/null ABSTRACT-CONNECT:${sharedSocket} 2> /dev/null && join`,
    `${inNode} shared ${sharedSocket}`,
    'code=$?',
    '[ $code -ne 3 ] || join',
    `[ $code -ne 2 ] || exec ${inNode} agent`,
    'exit $code',
  ].join('\n'),
] as const;

/** The bundles of components with their compiled code, and the programs in PATH that run them. */
export const programFiles = (components: readonly Component[]): readonly PlannedFile[] => [
  starter,
  ...components.flatMap(filesOf),
];

const filesOf = (component: Component): PlannedFile[] => {
  const bundle = `${nodePaths.components}/${component}.js`;
  return [
    ...withCode(bundle, `node/${component}.js`),
    {
      path: `/usr/local/bin/${component}`,
      mode: 0o755,
      content: `#!/bin/sh\n${allocator} exec ${starting(busy.has(component) ? 2 : 1)} ${bundle} "$@"\n`,
    },
  ];
};
