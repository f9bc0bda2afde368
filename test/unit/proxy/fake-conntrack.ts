// Conntrack's table of UDP flows in memory. A contract test compares it with the kernel's.
import type { Conntrack, UdpFlows } from '../../../src/node/sys/conntrack.ts';

/** `destination:port -> endpoint:port`, or `destination:port` of a flow that nothing translated; IPv4. */
export type FlowText = string;

export class FakeConntrack implements Conntrack {
  flows: UdpFlows[] = [];
  /** So many looks at the table fail. */
  failures = 0;
  /** How often the table was looked at. */
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
  const [destination = '', port] = asked.split(':');
  const [answeredBy = '', answeredFrom] = answered.split(':');
  return { destination, port: Number(port), answeredBy, answeredFrom: Number(answeredFrom) };
};

export const flowText = ({ destination, port, answeredBy, answeredFrom }: UdpFlows): FlowText => {
  const asked = `${destination}:${port}`;
  const answered = `${answeredBy}:${answeredFrom}`;
  return asked === answered ? asked : `${asked} -> ${answered}`;
};
