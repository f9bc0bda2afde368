// Header blocks of SPDY/3.1: name-value pairs, compressed with a fixed dictionary (SPDY draft 3.1, section 2.6.10).
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib';

/** Lower-case names. */
export type Headers = Readonly<Record<string, string>>;

export interface HeaderCodec {
  /** Takes the blocks in the order in which they were sent, because the compression of a block uses earlier blocks. */
  decode(block: Buffer): Promise<Headers>;
  encode(headers: Headers): Promise<Buffer>;
}

export const createHeaderCodec = (): HeaderCodec => {
  const options = { dictionary, flush: constants.Z_SYNC_FLUSH };
  const inflate = createInflate({ ...options, finishFlush: constants.Z_SYNC_FLUSH });
  const deflate = createDeflate(options);
  return {
    decode: async (block) => parseBlock(await pass(inflate, block)),
    encode: (headers) => pass(deflate, formatBlock(headers)),
  };
};

const pass = (stream: Inflate | Deflate, chunk: Buffer): Promise<Buffer> => {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  stream.once('error', reject);
  stream.write(chunk, () => {
    stream.off('error', reject);
    resolve(stream.read() ?? Buffer.alloc(0));
  });
  return promise;
};

const parseBlock = (block: Buffer): Headers => {
  const headers: Record<string, string> = {};
  let at = 4;
  const text = (): string => {
    const length = block.readUInt32BE(at);
    at += 4 + length;
    return block.toString('latin1', at - length, at);
  };
  for (let left = block.readUInt32BE(0); left > 0; left--) {
    const name = text();
    headers[name] = text();
  }
  return headers;
};

const formatBlock = (headers: Headers): Buffer => {
  const entries = Object.entries(headers);
  return Buffer.concat([
    uint32(entries.length),
    ...entries.flat().flatMap((text) => [uint32(text.length), Buffer.from(text, 'latin1')]),
  ]);
};

const uint32 = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
};

const words =
  'options|head|post|put|delete|trace|accept|accept-charset|accept-encoding|accept-language|accept-ranges|age|allow|' +
  'authorization|cache-control|connection|content-base|content-encoding|content-language|content-length|content-location|' +
  'content-md5|content-range|content-type|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|' +
  'if-range|if-unmodified-since|last-modified|location|max-forwards|pragma|proxy-authenticate|proxy-authorization|range|' +
  'referer|retry-after|server|te|trailer|transfer-encoding|upgrade|user-agent|vary|via|warning|www-authenticate|method|get|' +
  'status|200 OK|version|HTTP/1.1|url|public|set-cookie|keep-alive|origin';
const tail =
  '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative ' +
  'Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal ' +
  'Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, ' +
  'Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,' +
  'application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8' +
  'charset=iso-8859-1,utf-,*,enq=0.';

/** The Adler-32 checksum, which zlib uses as the dictionary's id, is e3c6a7c2. */
export const dictionary = Buffer.concat([
  ...words.split('|').flatMap((word) => [uint32(word.length), Buffer.from(word)]),
  Buffer.from(tail),
]);
