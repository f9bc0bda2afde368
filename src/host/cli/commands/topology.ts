// `labs topology`: draws nodes, bridges, veths and pods with their addresses, and lists the services.
import { ExitCode } from '../../../kit/error.ts';
import { findMachines } from '../../cluster/machines.ts';
import { bridgeName } from '../../plan/names.ts';
import type { Run } from '../context.ts';
import { withSession } from '../session.ts';
import { table } from '../table.ts';
import { fitLastColumn } from '../text.ts';
import { gatherTopology } from '../topology.ts';
import { drawNetwork, nameOf } from '../topology-text.ts';

export const run: Run = (context, [given]) =>
  withSession(given === undefined ? context : { ...context, name: given }, async ({ name, access }) => {
    const { output, say, json } = context;
    const [fabric] = await findMachines(await context.docker(), name, context.signal);
    const topology = await gatherTopology(access, { bridge: bridgeName, address: fabric?.address ?? '' });
    if (json) {
      output.line(JSON.stringify(topology, null, 2));
      return ExitCode.ok;
    }
    for (const line of drawNetwork(topology, say.noPods)) output.line(line);
    output.line();
    const rows = topology.services.map((service) => [
      nameOf(service),
      service.type,
      service.address,
      service.ports.join(','),
      service.endpoints.join(' ') || '-',
    ]);
    const header = [say.service, say.serviceType, say.address, say.ports, say.endpoints];
    const fitted = output.terminal ? fitLastColumn(rows, output.width).flat() : rows;
    for (const line of table(header, fitted, output)) output.line(line);
    return ExitCode.ok;
  });
