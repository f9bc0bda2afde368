// `labs upgrade`: says which commands upgrade this copy of labs. It runs none of them: some need sudo or a new file.
import { execa } from 'execa';
import { ExitCode } from '../../../kit/error.ts';
import type { Context, Run } from '../context.ts';
import { findInstallation, packageName, upgradeCommands } from '../installation.ts';
import { wrap } from '../text.ts';

export const run: Run = async (context) => {
  const { output, say, json, paths, version } = context;
  const installation = findInstallation(paths.root);
  const commands = upgradeCommands(installation, await globalPrefix(context));
  if (json) {
    output.line(JSON.stringify({ version, kind: installation.kind, folder: paths.root, commands }, null, 2));
    return ExitCode.ok;
  }
  const isClone = installation.kind === 'clone';
  const paragraph = (text: string): void => {
    for (const line of wrap(text, output.width)) output.line(line);
  };
  paragraph(say.installedIn(version, paths.root));
  output.line();
  paragraph(isClone ? say.upgradeClone : say.upgradePackage(packageName));
  output.line();
  for (const command of commands) output.line(output.paint('cyan', command));
  output.line();
  paragraph(say.upgradeLabs);
  return ExitCode.ok;
};

/** Where `npm install -g` installs by itself. Undefined if npm does not answer. */
export const globalPrefix = async ({ environment, signal }: Context): Promise<string | undefined> => {
  const env = environment.variables as Record<string, string>;
  const options = { env, extendEnv: false, cancelSignal: signal, reject: false, timeout: 10_000 };
  const { stdout, failed } = await execa('npm', ['prefix', '--global'], options);
  signal.throwIfAborted();
  return failed ? undefined : stdout.trim();
};
