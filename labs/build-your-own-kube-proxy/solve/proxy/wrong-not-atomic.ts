// Not a solution: between the flush and the last rule, new connections find no rule.
import { execFileSync } from 'node:child_process';
import { jump, run, type State } from '../../skeleton/kube.ts';

const chain = 'MY-SERVICES';
const iptables = (...words: string[]): void => void execFileSync('iptables', ['-w', '-t', 'nat', ...words]);

const sync = async ({ services, slices }: State): Promise<void> => {
  iptables('-F', chain);
  for (const { metadata, spec } of services) {
    const own = slices.filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === metadata.name);
    const ready = own.flatMap(({ endpoints = [] }) =>
      endpoints.filter(({ conditions }) => conditions?.ready !== false),
    );
    for (const [index, { addresses }] of ready.entries()) {
      const share = String(1 / (ready.length - index));
      const random = ['-m', 'statistic', '--mode', 'random', '--probability', share];
      const match = ['-d', `${spec.clusterIP}`, '-p', 'tcp', '--dport', '80', ...random];
      iptables('-A', chain, ...match, '-j', 'DNAT', '--to-destination', `${addresses[0]}:80`);
    }
  }
};

for (const from of ['PREROUTING', 'OUTPUT']) await jump('nat', from, chain);
await run(sync);
