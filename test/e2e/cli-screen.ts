// The tests of what a running lab shows when the output or the operands are unusual.
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { labs, root } from './cli-support.ts';

/** Registers the tests. */
export const testScreen = (name: string): void => {
  const on = (...argv: string[]) => labs(['--name', name, ...argv]);

  test.each(['logs node01 -n 5', 'shell node01 -- hostname', 'kubeconfig'])(
    '`%s` fails on a full disk',
    async (argv) => {
      const command = `node ${root}bin/labs.js --name ${name} ${argv} > /dev/full`;
      const ran = await execa('bash', ['-c', command], { reject: false });
      expect(ran).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(/^error: .*LAB_OUTPUT_UNWRITABLE\]$/) });
    },
  );

  test('opens a shell of the user’s machine with labs and kubectl of this lab', async () => {
    const input = 'kubectl get nodes -o name; labs status | head -1; exit 7';
    const ran = await labs(['shell', name], { input, env: { SHELL: '/bin/bash', LABS_NAME: '' } });
    expect(ran).toMatchObject({ exitCode: 7, stdout: expect.stringMatching(/^node\/controlplane$/m) });
    expect(ran.stdout).toContain(`${name} – `);
  });

  test('proposes services, tasks and labs for mistyped names', async () => {
    const hints = [
      ['forward service/kubernets', 'Did you mean "kubernetes"?'],
      ['forward service/other', 'The services in the namespace default: '],
      ['reset mend-rul', 'Did you mean "mend-rule"?'],
    ];
    for (const [argv = '', hint] of hints)
      expect(await on(...argv.split(' '))).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(hint ?? '') });
  });
};
