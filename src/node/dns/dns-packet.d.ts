// The part of dns-packet that is used here; the package brings no types.
declare module 'dns-packet' {
  export interface Question {
    name: string;
    type: string;
    class?: string;
  }
  export interface Answer {
    name: string;
    type: string;
    class?: string;
    ttl?: number;
    data?: unknown;
    /** On OPT records only. */
    udpPayloadSize?: number;
    ednsVersion?: number;
    extendedRcode?: number;
    flags?: number;
    options?: unknown[];
  }
  export interface Packet {
    type?: 'query' | 'response';
    id?: number;
    /** Everything in the header's second word but the QR bit, so also opcode and rcode. */
    flags?: number;
    opcode?: string;
    rcode?: string;
    questions?: Question[];
    answers?: Answer[];
    authorities?: Answer[];
    additionals?: Answer[];
  }
  export const AUTHORITATIVE_ANSWER: number;
  export const TRUNCATED_RESPONSE: number;
  export const RECURSION_DESIRED: number;
  export const RECURSION_AVAILABLE: number;
  export const decode: (buffer: Buffer, offset?: number) => Packet;
  export const encode: (packet: Packet) => Buffer;
}
