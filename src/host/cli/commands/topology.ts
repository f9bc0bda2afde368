// `labs topology`: draws nodes, bridges, veths and pods with their addresses, and lists the services.
import { ExitCode } from '../../../kit/error.ts';
import { printableData } from '../../../kit/printable.ts';
import { findMachines } from '../../cluster/machines.ts';
import { bridgeName } from '../../plan/names.ts';
import type { Run } from '../context.ts';
import { withSession } from '../session.ts';
import { table } from '../table.ts';
import { gatherTopology, type ServiceTopology } from '../topology.ts';
import { drawNetwork, nameOf } from '../topology-text.ts';

export const run: Run = (context, [given]) =>
  withSession(given === undefined ? context : { ...context, name: given }, async ({ name, lab, access }) => {
    const { output, say, json } = context;
    const [fabric, ...others] = await findMachines(await context.docker(), name, context.signal);
    const bridge = { bridge: bridgeName, address: fabric?.address ?? '' };
    const linksOf = (machine: string) => {
      const found = others.find((each) => each.name === machine);
      return found?.links ?? (found?.link ? [found.link] : []);
    };
    const networks = (lab.cluster.networks ?? []).map(({ name: network, cidr }) => ({ name: network, cidr }));
    const topology = await gatherTopology(access, { bridge, networks, linksOf });
    if (json) {
      output.line(JSON.stringify(topology, null, 2));
      return ExitCode.ok;
    }
    for (const line of drawNetwork(printableData(topology), say.noPods)) output.line(line);
    output.line();
    const rows = topology.services.flatMap(serviceRows);
    const header = [say.service, say.serviceType, say.address, say.ports, say.endpoints];
    for (const line of table(header, rows, output)) output.line(line);
    return ExitCode.ok;
  });

/** One row for each port and each endpoint, so that the table fits on 80 columns. */
const serviceRows = ({ ports, endpoints, ...service }: ServiceTopology): readonly (readonly string[])[] => {
  const shown = endpoints.length > 0 ? endpoints : ['-'];
  return Array.from({ length: Math.max(1, ports.length, shown.length) }, (_, row) => [
    ...(row === 0 ? [nameOf(service), service.type, service.address] : ['', '', '']),
    ports[row] ?? '',
    shown[row] ?? '',
  ]);
};
