// How fast the model of a node is with the rules of 10,000 services: reading, one packet, one changed rule.
import { readNode } from '../../../src/dataplane/node/node.ts';
import { NodeReader } from '../../../src/dataplane/node/reader.ts';
import { sendPacket } from '../../../src/dataplane/node/send.ts';
import { textsOf } from '../../../test/support/dataplane/texts.ts';
import { type Figure, percentile } from '../figures.ts';
import { iptablesRules, serviceAddress } from './rules.ts';

const services = 10_000;
const packets = 500;

const timed = <T>(work: () => T): readonly [milliseconds: number, result: T] => {
  const startedAt = performance.now();
  const result = work();
  return [performance.now() - startedAt, result];
};

export const measureDataplane = async (): Promise<readonly Figure[]> => {
  // A text that was built of pieces is slow to read, which the output of a tool is not.
  const rules = Buffer.from(await iptablesRules(services)).toString();
  const links = { eth0: ['192.168.56.11/24'], cni0: ['10.244.1.1/24'] };
  const routes = [{ dst: 'default', gateway: '192.168.56.1', dev: 'eth0', flags: [] }];
  const texts = (iptables: string) => textsOf(links, routes, { iptables });
  const parses = [1, 2, 3].map(() => timed(() => readNode(texts(rules)))[0]);
  const node = readNode(texts(rules));
  const send = (index: number): void => {
    const packet = { source: '10.244.1.5', destination: serviceAddress(index % services), destinationPort: 80 };
    const ends = sendPacket(node, packet, { kind: 'link', link: 'cni0' });
    if (ends.length !== 2) throw new Error(`service ${index} has ${ends.length} ends instead of 2`);
  };
  const [first] = timed(() => send(0));
  const times = Array.from({ length: packets }, (_, index) => timed(() => send(index * 19))[0]);
  const reader = new NodeReader();
  reader.read(texts(rules));
  const at = rules.indexOf('\n-A KUBE-SERVICES');
  const changed = rules.slice(0, at) + rules.slice(rules.indexOf('\n', at + 1));
  const [again] = timed(() => reader.read(texts(changed)));
  return [
    { name: `data plane, ${services} services: read`, value: percentile(parses, 50), unit: 'ms', target: 1500 },
    { name: '  again, with one rule less', value: again, unit: 'ms' },
    { name: '  the first packet', value: first, unit: 'ms', detail: 'with the index of long chains' },
    { name: '  one packet, p50', value: percentile(times, 50), unit: 'ms', target: 2, detail: `${packets} packets` },
    { name: '  one packet, p90', value: percentile(times, 90), unit: 'ms' },
  ];
};
