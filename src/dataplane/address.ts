// Addresses in rules and packets: loopback, multicast, and the form `address:port`.
import { networkContains } from '../api/ip.ts';

export const isLoopback = (address: string): boolean =>
  address.includes(':') ? networkContains('::1/128', address) : networkContains('127.0.0.0/8', address);

export const isMulticast = (address: string): boolean =>
  networkContains(address.includes(':') ? 'ff00::/8' : '224.0.0.0/4', address);

/** Splits `address`, `address:port` and `[v6]:port`. */
export const splitEndpoint = (text: string): { readonly address: string; readonly port: number | undefined } => {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(text);
  const plain = bracketed ?? /^([^:]+)(?::(\d+))?$/.exec(text);
  if (!plain) return { address: text, port: undefined };
  const [, address = '', port] = plain;
  return { address, port: port === undefined ? undefined : Number(port) };
};

/** `10.0.0.1:80`, `[::1]:80`, or the address alone. */
export const joinEndpoint = (address: string, port: number | undefined): string =>
  port === undefined ? address : address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
