// A small cluster, the rules that kube-proxy builds for it, and virtual packets through them.
import { expect } from 'vitest';
import type { ServiceSpec } from '../../../src/api/core.ts';
import type { Endpoint, EndpointSlice } from '../../../src/api/discovery.ts';
import type { Ruleset } from '../../../src/dataplane/model.ts';
import type { Packet, PacketTrace, TraceOptions } from '../../../src/dataplane/packet.ts';
import { parseRuleset } from '../../../src/dataplane/parse.ts';
import { renderRule } from '../../../src/dataplane/render.ts';
import { trace } from '../../../src/dataplane/trace.ts';
import { FakeNetfilter } from '../../support/proxy/fake-netfilter.ts';
import { createRig, type RigOptions, testNode } from '../../support/proxy/replay.ts';

export interface Cluster extends RigOptions {
  readonly spec: Partial<ServiceSpec>;
  readonly endpoints?: readonly Endpoint[];
  readonly loadBalancerIp?: string;
  readonly zone?: string;
}

export const onNode: TraceOptions = { localAddresses: ['192.168.56.11', '10.244.1.1'], recent: () => [] };
export const pod = '10.244.1.5';
export const outside = '192.168.56.100';
export const here = (ip: string, rest: Partial<Endpoint> = {}): Endpoint => ({
  addresses: [ip],
  nodeName: 'n1',
  conditions: { ready: true },
  ...rest,
});
export const there = (ip: string, rest: Partial<Endpoint> = {}): Endpoint => ({ ...here(ip, rest), nodeName: 'n2' });
export const draining = { conditions: { ready: false, serving: true, terminating: true } };
export const stopping = { conditions: { ready: false, serving: false, terminating: true } };

export const rulesOf = async ({
  spec,
  endpoints = [],
  loadBalancerIp,
  zone,
  ...options
}: Cluster): Promise<Ruleset> => {
  const kernel = new FakeNetfilter();
  const rig = createRig(kernel, options);
  rig.node = { ...testNode, zone };
  const port = {
    name: 'p',
    port: 80,
    targetPort: 8080,
    ...(spec.type && spec.type !== 'ClusterIP' ? { nodePort: 30080 } : {}),
  };
  const ingress =
    loadBalancerIp === undefined ? {} : { status: { loadBalancer: { ingress: [{ ip: loadBalancerIp }] } } };
  rig.proxier.onService(undefined, {
    metadata: { name: 'web', namespace: 'default' },
    spec: { clusterIP: '10.96.0.20', ports: [port], ...spec },
    ...ingress,
  });
  const slice: EndpointSlice = {
    metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: 'p', protocol: spec.ports?.[0]?.protocol ?? 'TCP', port: 8080 }],
    endpoints: [...endpoints],
  };
  rig.proxier.onSlice(undefined, slice);
  await rig.sync();
  return parseRuleset(await kernel.save());
};

const story = (verdicts: readonly PacketTrace[]): string =>
  verdicts
    .flatMap(({ path, fate, lands }) => [...path.map(({ rule }) => renderRule(rule)), `=> ${fate} ${lands}`])
    .join('\n');

const expectLanding = (rules: Ruleset, packet: Packet, want: Want): void => {
  const verdicts = trace(rules, packet, onNode);
  const landings = [...new Set(verdicts.map(({ lands }) => lands))].sort();
  expect(landings, story(verdicts)).toEqual([...want.lands].sort());
  for (const verdict of verdicts) {
    expect(verdict, story(verdicts)).toMatchObject({
      fate: want.fate ?? 'accepted',
      ...(want.masq === undefined ? {} : { masq: want.masq }),
    });
    expect(verdict.unsure).toEqual([]);
  }
};

export interface Want {
  readonly lands: readonly string[];
  readonly masq?: boolean;
  readonly fate?: PacketTrace['fate'];
}

export interface Case extends Cluster, Want {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly protocol?: 'tcp' | 'udp' | 'sctp';
  readonly inInterface?: string;
}

export const expectPacket = async ({
  name: _,
  from,
  to,
  protocol = 'tcp',
  inInterface,
  lands,
  masq,
  fate,
  ...cluster
}: Case): Promise<void> => {
  const want = { lands, ...(masq === undefined ? {} : { masq }), ...(fate === undefined ? {} : { fate }) };
  expectLanding(
    await rulesOf(cluster),
    { from, to, protocol, ...(inInterface === undefined ? {} : { inInterface }) },
    want,
  );
};

export const a = '10.244.1.7';
export const b = '10.244.2.8';
export const nodePort = { type: 'NodePort' } as const;
export const local = { ...nodePort, externalTrafficPolicy: 'Local' } as const;
