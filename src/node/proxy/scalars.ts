// Addresses, networks, ports and names that are safe in a rule. Only the functions here make them, from the arbitrary
// values that objects of an API server may have. So no later step has to check a value or to quote it.
import { type IpFamily, readIp, readNetwork } from '../../api/ip.ts';

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** An address in its canonical form, without a zone. */
export type Ip = Branded<string, 'Ip'>;
/** A network in its canonical form, without host bits. */
export type Network = Branded<string, 'Network'>;
/** 1 to 65535. */
export type Port = Branded<number, 'Port'>;

export interface Address {
  readonly family: IpFamily;
  readonly ip: Ip;
}

/** @returns undefined for anything but an address */
export const addressOf = (value: unknown): Address | undefined => {
  const read = typeof value === 'string' ? readIp(value) : undefined;
  return read && { family: read.family, ip: read.text as Ip };
};

/** @returns undefined for anything but a network of the family */
export const networkOf = (value: unknown, family: IpFamily): Network | undefined => {
  const read = typeof value === 'string' ? readNetwork(value.trim()) : undefined;
  return read?.family === family ? (read.text as Network) : undefined;
};

/** @returns undefined for anything but an integer from 1 to 65535 */
export const portOf = (value: unknown): Port | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535 ? (value as Port) : undefined;

/**
 * Whether the value is a DNS label, as the names of namespaces, services and their ports are. A label needs no quotes
 * in a rule's comment, and three labels fit into the comment's 255 bytes.
 */
export const isLabel = (value: unknown): value is string =>
  typeof value === 'string' && /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value);
