// Checked addresses, networks and ports for tests. A wrong text is a mistake in the test.
import { addressOf, type Ip, type Network, networkOf, type Port, portOf } from '../../../src/node/proxy/scalars.ts';

const must = <T>(value: T | undefined, given: unknown): T => {
  if (value === undefined) throw new Error(`${given} is not valid here`);
  return value;
};

export const ip = (text: string): Ip => must(addressOf(text), text).ip;
export const network = (text: string): Network => must(networkOf(text, 'IPv4') ?? networkOf(text, 'IPv6'), text);
export const port = (number: number): Port => must(portOf(number), number);
