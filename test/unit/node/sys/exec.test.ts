// Tests of programs that cannot be started.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ExecError, run } from '../../../../src/node/sys/exec.ts';
import { StandingTool } from '../../../../src/node/sys/standing-tool.ts';

const never = new AbortController().signal;

test('a missing program causes an ExecError', async () => {
  await expect(run(['/nonesuch'])).rejects.toThrow(ExecError);
  await expect(new StandingTool(['/nonesuch'], 'end').ask('?', never)).rejects.toThrow(ExecError);
});

test('a program that cannot be started for lack of file descriptors causes an error that the caller can catch', () => {
  const node = join(import.meta.dirname, '../../../../src/node');
  const script = `
    import { openSync } from 'node:fs';
    import { serveAttach } from '${node}/kubelet/server/attach.ts';
    import { serveExec } from '${node}/kubelet/server/exec.ts';
    import { run } from '${node}/sys/exec.ts';
    import { listAddresses } from '${node}/sys/iproute.ts';
    import { StandingTool } from '${node}/sys/standing-tool.ts';
    for (let full = false; !full; ) try { openSync('/dev/null'); } catch { full = true; }
    const never = new AbortController().signal;
    const addresses = async () => listAddresses('IPv4');
    const tried = await Promise.allSettled([run(['true']), new StandingTool(['cat'], 'end').ask('?', never), addresses()]);
    console.log(tried.map(({ reason }) => reason?.name).join());
    const finish = ({ failure }) => console.log(failure);
    const channels = { finish, onClose() {}, onStdin() {}, onStdinEnd() {}, onResize() {} };
    const crun = { execArgv: () => ['true'], execTerminalArgv: () => ['true'] };
    await serveExec(channels, { containerId: 'c', command: [], stdin: true, tty: false }, { crun });
    await serveAttach(channels, { container: () => ({ logPath: '/nonesuch' }), bundle: '/nonesuch', stdin: true });
  `;
  const limited = ['-c', 'ulimit -n 64; exec "$0" --input-type=module -e "$1"', process.execPath, script];
  const { stdout, stderr } = spawnSync('bash', limited, { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout).toBe(
    "ExecError,ExecError,ExecError\nspawn true EMFILE\nENOENT: no such file or directory, stat '/nonesuch'\n",
  );
});
