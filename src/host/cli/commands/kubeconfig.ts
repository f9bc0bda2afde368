// `labs kubeconfig [name] [--write]`: prints the kubeconfig of a running lab, or adds it to the user's own file.
import { stringify } from 'yaml';
import { ExitCode } from '../../../kit/error.ts';
import { findEndpoint } from '../../docker/endpoint.ts';
import { sshTarget } from '../../docker/ssh.ts';
import { addToUserFile, userFile } from '../../kubectl/files.ts';
import { type Access, contextName, kubeconfigOf } from '../../kubectl/kubeconfig.ts';
import type { Context, Run } from '../context.ts';
import { chooseRunning } from '../instances.ts';
import { gatewayAccess } from '../way-in.ts';

export const run: Run = async (context, [given], options) => {
  const { output, say, environment, json } = context;
  const { access, here } = await gatewayAccess(context, await chooseRunning(context, given));
  if (!here) output.note(output.paint('yellow', `! ${say.wayInElsewhere} ${tunnelHint(context, access)}`));
  if (options.write !== true) {
    const config = kubeconfigOf(access);
    output.write(json ? `${JSON.stringify(config, null, 2)}\n` : stringify(config, { lineWidth: 0 }));
    return ExitCode.ok;
  }
  const file = userFile(environment.variables);
  await addToUserFile(environment.stateFolder, file, access);
  const entry = contextName(access.lab);
  if (json) output.line(JSON.stringify({ file, context: entry, server: access.server }));
  else {
    output.line(say.kubeconfigWritten(entry, file));
    output.line(say.kubeconfigNext);
  }
  return ExitCode.ok;
};

/** The command that opens the way when the engine runs on another machine. */
const tunnelHint = ({ environment, say }: Context, { server }: Access): string => {
  const endpoint = findEndpoint(environment.variables);
  const port = server.split(':').pop();
  if (endpoint.kind === 'unix') return say.wayInClosed(server);
  const target = endpoint.kind === 'ssh' ? sshTarget(endpoint) : endpoint.host;
  return say.wayInBySsh(`ssh -NL ${port}:127.0.0.1:${port} ${target}`);
};
