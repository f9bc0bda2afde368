// Changes a machine from outside, for faults: its units and its rules. Programs of the machine may have been replaced.
import type { FabricMethods } from '../api/fabric.ts';
import { find } from './place.ts';
import { machineInit, type ProcessTable } from './processes.ts';
import { AgentError, run, runOk } from './run.ts';

const timeoutMs = 30_000;

/** Feeds `iptables-restore` in the machine's network namespace. */
export const createRestore =
  (table: ProcessTable) =>
  async (
    { place, input, flush }: FabricMethods['restoreRules']['params'],
    signal?: AbortSignal,
  ): Promise<Record<string, never>> => {
    await using found = await find(table, place);
    await runOk(['iptables-restore', ...(flush ? [] : ['--noflush'])], {
      netns: found.namespace.netns,
      timeoutMs,
      input,
      signal,
    });
    return {};
  };

/** Exit codes from this one on are those of systemctl. */
const unitCode = 100;

/**
 * The fabric's systemctl asks process 1 of the machine. systemd answers only its root, so systemctl enters the
 * machine's namespaces of users and processes, but none of its files. The machine's root could trace a program there.
 * It cannot trace one that it may run, but not read (ptrace(2), PR_SET_DUMPABLE(2const)): so the program is a copy with
 * such a mode. The socket's place is fixed in systemctl, so a link there leads to the machine's socket, in a mount
 * namespace of this one command.
 */
const systemctl = `
socket=/proc/$0/root/run/systemd/private
mkdir -p /run/systemd
mount -t tmpfs units /run/systemd
mkdir /run/systemd/system
ln -s $socket /run/systemd/private
install -m 0711 /usr/bin/systemctl /run/systemd/systemctl
# Nobody can enter the user namespace in which it is already.
user=
[ $(readlink /proc/$0/ns/user) = $(readlink /proc/self/ns/user) ] || user=--user=/proc/$0/ns/user
nsenter $user --pid=/proc/$0/ns/pid -- \\
  /run/systemd/systemctl --quiet "$@" || exit $((${unitCode} + $?))`;

export const systemctlIn = async (
  { place, verb, units }: FabricMethods['systemctl']['params'],
  signal?: AbortSignal,
): Promise<Record<string, never>> => {
  machineInit(place.pid);
  const command = ['unshare', '--mount', '--propagation', 'private', 'sh', '-euc', systemctl, String(place.pid), verb];
  const { code, stderr, timedOut } = await run([...command, '--', ...units], { timeoutMs, signal });
  if (code === 0) return {};
  // A machine that has stopped fails all the same.
  machineInit(place.pid);
  const isOfUnit = timedOut || (code !== undefined && code >= unitCode);
  if (!isOfUnit) throw new AgentError('FABRIC_TOOL', `\`systemctl\` failed: ${stderr.trim().slice(-500)}`);
  // The machine's root can make a unit that does not start.
  throw new AgentError('FABRIC_UNIT', `systemd on ${place.machine} says that ${units.join(' ')} has failed`);
};
