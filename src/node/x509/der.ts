// DER, the encoding of certificates and requests: reads values one by one, and writes them.

/** One value: its tag, its content, and all its bytes, so that a part can be copied without understanding it. */
export interface Der {
  readonly tag: number;
  readonly content: Buffer;
  readonly bytes: Buffer;
}

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  sequence: 0x30,
  set: 0x31,
  /** A tag of the context, such as `[0]`, with values in it. */
  context: (number: number): number => 0xa0 | number,
} as const;

export class DerError extends Error {
  override readonly name = 'DerError';
}

/** The only value in the bytes. @throws DerError */
export const readDer = (bytes: Buffer): Der => {
  const [first, ...others] = readAll(bytes);
  if (!first) throw new DerError('it is empty');
  if (others.length > 0) throw new DerError('there is something behind the end');
  return first;
};

/** The values in a sequence, a set or a tag of the context. @throws DerError */
export const childrenOf = ({ content }: Der): Der[] => readAll(content);

const readAll = (bytes: Buffer): Der[] => {
  const found: Der[] = [];
  for (let at = 0; at < bytes.length; ) {
    const value = readAt(bytes, at);
    found.push(value);
    at += value.bytes.length;
  }
  return found;
};

const readAt = (bytes: Buffer, at: number): Der => {
  const [tag, first] = [bytes[at], bytes[at + 1]];
  if (tag === undefined || first === undefined) throw new DerError('it ends too early');
  if ((tag & 0x1f) === 0x1f) throw new DerError('its tags are too large');
  const sizeBytes = first < 0x80 ? 0 : first & 0x7f;
  // Four bytes of a length are more than any certificate has. 0x80 is a length that is not known, which DER forbids.
  if (first === 0x80 || sizeBytes > 4) throw new DerError('a length is wrong');
  const start = at + 2 + sizeBytes;
  if (start > bytes.length) throw new DerError('it ends too early');
  const length = sizeBytes === 0 ? first : bytes.readUIntBE(at + 2, sizeBytes);
  const end = start + length;
  if (end > bytes.length) throw new DerError('it ends too early');
  return { tag, content: bytes.subarray(start, end), bytes: bytes.subarray(at, end) };
};

/** @throws DerError */
export const expectTag = (value: Der | undefined, tag: number, what: string): Der => {
  if (value?.tag !== tag) throw new DerError(`${what} is missing`);
  return value;
};

/** The bytes of a bit string whose length is a multiple of eight. @throws DerError */
export const bitsOf = ({ tag, content }: Der): Buffer => {
  if (tag !== tags.bitString || content[0] !== 0) throw new DerError('a bit string is wrong');
  return content.subarray(1);
};

/** `1.2.840.10045.4.3.2` */
export const oidOf = ({ tag, content }: Der): string => {
  if (tag !== tags.oid || content.length === 0) throw new DerError('an object identifier is missing');
  const numbers: number[] = [];
  let number = 0;
  for (const byte of content) {
    number = number * 128 + (byte & 0x7f);
    if (byte & 0x80) continue;
    numbers.push(number);
    number = 0;
  }
  const [first = 0, ...others] = numbers;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...others].join('.');
};

export const der = (tag: number, ...contents: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(content.length)]), content]);
};

const lengthOf = (length: number): number[] => {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
};

export const derOid = (text: string): Buffer => {
  const [root = 0, second = 0, ...others] = text.split('.').map(Number);
  return der(tags.oid, Buffer.from([root * 40 + second, ...others].flatMap(base128)));
};

const base128 = (number: number): number[] => {
  const bytes = [number & 0x7f];
  for (let rest = number >>> 7; rest > 0; rest >>>= 7) bytes.unshift(0x80 | (rest & 0x7f));
  return bytes;
};

/** @param bytes big-endian, not negative */
export const derInteger = (bytes: Buffer): Buffer => {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? Buffer.from([0]) : bytes.subarray(start);
  const isNegative = ((digits[0] ?? 0) & 0x80) !== 0;
  return der(tags.integer, isNegative ? Buffer.concat([Buffer.from([0]), digits]) : digits);
};

/** A text of RFC 5280's times: two digits of the year until 2049, four afterwards. */
export const derTime = (ms: number): Buffer => {
  const digits = new Date(ms).toISOString().replace(/\.\d+/, '').replace(/[-:T]/g, '');
  const isShort = digits < '2050';
  return der(isShort ? 0x17 : 0x18, Buffer.from(isShort ? digits.slice(2) : digits));
};
