// How `labs trace` writes machines, addresses and shares.

export const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;

/** Pods of the namespace `default` by their name alone. */
export const shownName = (machine: string): string => machine.replace(/^default\//, '');

export const endpoint = (address: string, port: number | undefined): string =>
  port === undefined ? address : address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
