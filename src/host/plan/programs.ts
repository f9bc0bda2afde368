// The programs that run in the machines, and how they are started.
import { type Component, nodePaths } from '../../api/paths.ts';
import type { PlannedFile } from './types.ts';

// V8 reserves two semi-spaces of 16 MiB for young objects by default. Components are small, and a node runs several.
const nodeFlags = '--max-semi-space-size=2';
const nodeProgram = '/usr/bin/node';

const agentBundle = `${nodePaths.components}/fabric.js`;

/** The fabric's agent. */
export const fabricProgram: PlannedFile = { path: agentBundle, mode: 0o644, bundle: 'fabric.js' };

/** Starts the agent in the fabric container. */
export const agentCommand = [nodeProgram, nodeFlags, agentBundle, 'agent'] as const;

/** A component's bundle, and the program in PATH that runs it. */
export const programFiles = (component: Component): PlannedFile[] => {
  const bundle = `${nodePaths.components}/${component}.js`;
  return [
    { path: bundle, mode: 0o644, bundle: `node/${component}.js` },
    {
      path: `/usr/local/bin/${component}`,
      mode: 0o755,
      content: `#!/bin/sh\nexec ${nodeProgram} ${nodeFlags} ${bundle} "$@"\n`,
    },
  ];
};
