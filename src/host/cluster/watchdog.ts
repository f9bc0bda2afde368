// Watches the components while a start waits. A component that keeps exiting ends the wait, with its last log lines.
import { setTimeout as delay } from 'node:timers/promises';
import { type Component, components } from '../../api/paths.ts';
import { LabError } from '../../kit/error.ts';
import type { Containers } from '../docker/port.ts';
import { inMachine } from '../plan/boot.ts';
import type { Machine } from './machines.ts';

/** A component that waits for the API server retries without exiting. One that exits this often has a defect. */
const mostRestarts = 5;
const firstLookMs = 2500;
const pauseMs = 1000;
const lastLines = 15;

/**
 * Never returns.
 * @param needed components that must not be stopped
 * @throws LabError LAB_COMPONENT_DIED, LAB_COMPONENT_STOPPED; after an abort, the signal's reason
 */
const watchComponents = async (
  containers: Containers,
  nodes: readonly Machine[],
  needed: readonly Component[],
  signal: AbortSignal,
): Promise<never> => {
  await delay(firstLookMs, undefined, { signal });
  for (;;) {
    await Promise.all(nodes.map((node) => look(containers, node, needed, signal)));
    await delay(pauseMs, undefined, { signal });
  }
};

const look = async (
  containers: Containers,
  node: Machine,
  needed: readonly Component[],
  signal: AbortSignal,
): Promise<void> => {
  const units = await unitsOf(containers, node, signal);
  const dying = units.find(({ restarts }) => restarts >= mostRestarts);
  if (dying) throw await died(containers, node, dying);
  const idle = units.find(
    ({ component, state }) => needed.includes(component) && ['inactive', 'failed'].includes(state),
  );
  if (idle && (await hasStartedAll(containers, node, signal)))
    throw new LabError('LAB_COMPONENT_STOPPED', `${idle.component} does not run on ${node.name}`, {
      hint: `On ${node.name}, run \`systemctl status ${idle.component}\`.`,
    });
};

/** Whether systemd has started everything. A component that still does not run was stopped by somebody. */
const hasStartedAll = async (containers: Containers, node: Machine, signal: AbortSignal): Promise<boolean> => {
  const { stdout } = await containers.exec(node.id, { command: inMachine(['systemctl', 'is-system-running']), signal });
  return ['running', 'degraded'].includes(stdout.trim());
};

export interface UnitState {
  readonly component: Component;
  readonly restarts: number;
  /** systemd's ActiveState: `active`, `activating`, `failed`, … */
  readonly state: string;
  readonly exitStatus: number;
}

/** The states of the components, from systemd on the node. */
export const unitsOf = async (
  containers: Containers,
  node: Machine,
  signal: AbortSignal,
): Promise<readonly UnitState[]> => {
  const command = ['systemctl', 'show', '--property=Id,LoadState,ActiveState,NRestarts,ExecMainStatus'];
  const { stdout } = await containers.exec(node.id, {
    command: inMachine([...command, ...components.map((name) => `${name}.service`)]),
    signal,
  });
  return stdout.split('\n\n').flatMap((block) => {
    const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(block)?.[1] ?? '';
    const component = components.find((name) => `${name}.service` === value('Id'));
    if (!component || value('LoadState') !== 'loaded') return [];
    const restarts = Number(value('NRestarts'));
    return [{ component, restarts, state: value('ActiveState'), exitStatus: Number(value('ExecMainStatus')) }];
  });
};

const died = async (containers: Containers, node: Machine, unit: UnitState): Promise<LabError> => {
  // While systemd restarts a unit, its last exit status is 0.
  const status = unit.exitStatus === 0 ? '' : `, last exit code ${unit.exitStatus}`;
  return new LabError(
    'LAB_COMPONENT_DIED',
    `${unit.component} on ${node.name} keeps exiting: ${unit.restarts} restarts${status}. ` +
      `Its last log lines:\n${(await lastLogLines(containers, node, unit.component)).replace(/^/gm, '    ')}`,
    {
      hint: 'If the lab does not break this component on purpose, this is a defect of labs: please report these lines.',
    },
  );
};

/** The component's own lines; if there are none, systemd's lines about it. Repeated lines are shown once. */
const lastLogLines = async (containers: Containers, node: Machine, component: Component): Promise<string> => {
  const journal = ['journalctl', '--lines', String(lastLines), '--no-pager', '--output', 'cat', '--quiet'];
  const read = async (...match: readonly string[]): Promise<string> =>
    (await containers.exec(node.id, { command: inMachine([...journal, ...match]) })).stdout.trim();
  const own = await read(`_SYSTEMD_UNIT=${component}.service`);
  const words = own || (await read('--unit', component)) || '(no log lines)';
  return [...new Set(words.split('\n'))].join('\n');
};

/**
 * Waits for a condition. A component that keeps exiting ends the wait with LAB_COMPONENT_DIED.
 * @param needed components without which the condition cannot come true: if one of them was stopped, the wait ends with
 *   LAB_COMPONENT_STOPPED
 */
export const unlessComponentsDie = async (
  containers: Containers,
  nodes: readonly Machine[],
  signal: AbortSignal,
  wait: (signal: AbortSignal) => Promise<void>,
  needed: readonly Component[] = [],
): Promise<void> => {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  try {
    await Promise.race([wait(either), watchComponents(containers, nodes, needed, either)]);
  } finally {
    over.abort();
  }
};
