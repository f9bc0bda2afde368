// `labs trace FROM TO:PORT`: walks a packet through the cluster, hop by hop, by the rules that the kernel has now. Then
// sends a real one, and compares.

import { membersOf } from '../../../api/cluster.ts';
import { answerTo } from '../../../dataplane/cluster/back.ts';
import { walkCluster } from '../../../dataplane/cluster/walk.ts';
import type { Way } from '../../../dataplane/cluster/way.ts';
import { TraceLimitError } from '../../../dataplane/node/budget.ts';
import { casesOf } from '../../../dataplane/node/conditions.ts';
import { ExitCode } from '../../../kit/error.ts';
import { printableData } from '../../../kit/printable.ts';
import type { ClusterAccess } from '../../grade/access.ts';
import { readLab, type TracedLab } from '../../trace/lab.ts';
import { type Proof, proofOf } from '../../trace/proof.ts';
import type { Run } from '../context.ts';
import { withSession } from '../session.ts';
import { goalOf, startOf, type Wanted } from '../trace/operands.ts';
import { drawTrace } from '../trace/picture.ts';
import { isAllReached, type Trace, type TracedWay } from '../trace/traced.ts';

export const run: Run = (context, [from = '', to = ''], options) =>
  withSession(context, async ({ lab: { cluster }, access }) => {
    const { output, json } = context;
    const namespace = typeof options.namespace === 'string' ? options.namespace : undefined;
    const protocol = options.udp === true ? 'udp' : 'tcp';
    const known = membersOf(cluster);
    const wanted: Wanted = { from, to, namespace, protocol, known };
    const lab = await readLab(access);
    const start = startOf(context, lab, wanted);
    const goal = goalOf(context, lab, wanted, start);
    const sourcePort = 20_000 + Math.floor(Math.random() * 10_000);
    const packet = { destination: goal.address, destinationPort: goal.port, protocol, sourcePort };
    const walk = (model: TracedLab['model']) =>
      waysOf(() => walkCluster(model, packet, start).map((way) => withAnswer(model, way)), start.machine);
    let trace: Trace = { start, goal, protocol, ways: walk(lab.model) };
    let proof = options.send === false ? undefined : await prove(access, lab, trace, sourcePort);
    if (proof?.difference) {
      // The rules may have changed since they were read.
      const again = await readLab(access);
      trace = { ...trace, ways: walk(again.model) };
      proof = await prove(access, again, trace, sourcePort);
    }
    if (json) output.line(JSON.stringify(asJson(trace, proof), null, 2));
    else {
      const how = { explain: options.explain === true, all: options.all === true };
      // The name of a namespace that a student has made says where it is.
      const hostOf = (machine: string): string | undefined =>
        machine.includes('/netns/') ? undefined : lab.model.machines.get(machine)?.on;
      const isService = (address: string): boolean => lab.services.some(({ spec }) => spec.clusterIP === address);
      const drawn = { ...how, hostOf, isService, proof: printableData(proof) };
      for (const line of drawTrace(context, printableData(trace), drawn)) output.line(line);
    }
    return isAllReached(trace, proof) ? ExitCode.ok : ExitCode.checkFailed;
  });

/** For a connection. Without an answer, its first packet is sent again after a second. */
const timeoutMs = 2000;

const prove = async (access: ClusterAccess, lab: TracedLab, trace: Trace, sourcePort: number): Promise<Proof> => {
  const { start, goal, protocol, ways } = trace;
  const ports = ways.flatMap(({ hops }) => hops.flatMap(({ after }) => after.destinationPort ?? []));
  const { host, podIp, netns } = start;
  const kernel = await access.fabric.call('kernelTrace', {
    machines: access.machines.map(({ name, pid }) => ({ machine: name, pid })),
    place: {
      ...{ machine: host.name, pid: host.pid },
      ...(podIp === undefined ? {} : { podIp }),
      ...(netns === undefined ? {} : { netns }),
    },
    address: goal.address,
    port: goal.port,
    ...{ protocol, sourcePort, ports, timeoutMs },
  });
  return proofOf(ways, kernel, lab.machineOf);
};

/** Without a program that listens, the kernel answers. A TCP reset is followed, an ICMP error is not. */
const withAnswer = (model: TracedLab['model'], way: Way): TracedWay => {
  const { end, headers } = way;
  const answers = end.kind === 'delivered' && (end.listening !== false || headers.protocol === 'tcp');
  return answers ? { ...way, answer: answerTo(model, way) } : way;
};

/** Rules that were written to have very many ways are no fault of labs. */
const waysOf = (walk: () => readonly TracedWay[], machine: string): readonly TracedWay[] => {
  try {
    const ways = walk();
    // The picture tells them apart.
    casesOf(ways);
    return ways;
  } catch (error) {
    if (!(error instanceof TraceLimitError)) throw error;
    const end = { kind: 'unknown', machine, reasons: [error.message] } as const;
    const ports = { sourcePort: undefined, destinationPort: undefined };
    const headers = { family: 'ip', source: '', destination: '', protocol: '', mark: 0, ttl: 0, ...ports } as const;
    return [{ hops: [], end, headers, probability: 1, conditions: [], randomPort: false }];
  }
};

const asJson = (trace: Trace, proof: Proof | undefined) => ({
  from: {
    machine: trace.start.host.name,
    ...(trace.start.podIp === undefined ? {} : { pod: trace.start.label }),
    ...(trace.start.netns === undefined ? {} : { netns: trace.start.netns }),
  },
  to: trace.goal,
  protocol: trace.protocol,
  /** As the exit code: every way leads to a program, and the answer comes back. */
  arrives: isAllReached(trace, proof),
  ways: trace.ways,
  ...(proof ? { proof } : {}),
});
