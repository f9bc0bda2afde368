// Conntrack's table of UDP flows in memory. A contract test compares it with the kernel's.
import { joinEndpoint, splitEndpoint } from '../../../src/dataplane/address.ts';
import type { Conntrack, UdpFlows } from '../../../src/node/sys/conntrack.ts';

/** `destination:port -> endpoint:port`, or `destination:port` for a flow without translation. IPv6 in brackets. */
export type FlowText = string;

export class FakeConntrack implements Conntrack {
  flows: UdpFlows[] = [];
  /** How many of the next reads of the table fail. */
  failures = 0;
  /** How often the table was read. */
  looks = 0;

  add(...texts: FlowText[]): void {
    this.flows.push(...texts.map(parseFlows));
  }

  get texts(): FlowText[] {
    return [...new Set(this.flows.map(flowText))].sort();
  }

  async eachUdpFlow(visit: (flow: UdpFlows) => void): Promise<boolean> {
    this.looks += 1;
    if (this.failures > 0) {
      this.failures -= 1;
      return false;
    }
    for (const flow of this.flows) visit(flow);
    return true;
  }

  async forget(flows: UdpFlows): Promise<number> {
    const before = this.flows.length;
    this.flows = this.flows.filter((flow) => flowText(flow) !== flowText(flows));
    return before - this.flows.length;
  }
}

export const parseFlows = (text: FlowText): UdpFlows => {
  const [asked = '', answered = asked] = text.split(' -> ');
  const [to, from] = [splitEndpoint(asked), splitEndpoint(answered)];
  return {
    ...{ destination: to.address, port: Number(to.port) },
    ...{ answeredBy: from.address, answeredFrom: Number(from.port) },
  };
};

export const flowText = ({ destination, port, answeredBy, answeredFrom }: UdpFlows): FlowText => {
  const asked = joinEndpoint(destination, port);
  const answered = joinEndpoint(answeredBy, answeredFrom);
  return asked === answered ? asked : `${asked} -> ${answered}`;
};
