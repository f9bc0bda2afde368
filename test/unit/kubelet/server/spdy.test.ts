import { describe, expect, test } from 'vitest';
import { done, eventually, notYet } from '../../../../src/kit/eventually.ts';
import { createSpdySession, type SpdyStream } from '../../../../src/node/kubelet/server/spdy.ts';
import { createHeaderCodec } from '../../../../src/node/kubelet/server/spdy-headers.ts';

describe('a SPDY session', () => {
  const controlFrame = (type: number, flags: number, payload: Buffer): Buffer => {
    const header = Buffer.from([0x80, 3, 0, type, flags, 0, 0, 0]);
    header.writeUIntBE(payload.length, 5, 3);
    return Buffer.concat([header, payload]);
  };
  const uint32 = (value: number): Buffer => {
    const buffer = Buffer.alloc(4);
    buffer.writeUInt32BE(value);
    return buffer;
  };
  const dataFrame = (id: number, flags: number, payload: string): Buffer => {
    const header = Buffer.concat([uint32(id), Buffer.from([flags, 0, 0, payload.length])]);
    return Buffer.concat([header, Buffer.from(payload)]);
  };
  const synStream = (id: number, headers: Buffer): Buffer =>
    controlFrame(1, 0, Buffer.concat([uint32(id), uint32(0), Buffer.from([0, 0]), headers]));

  const lastPing = controlFrame(6, 0, uint32(4711));

  const start = () => {
    const sent: Buffer[] = [];
    const streams: SpdyStream[] = [];
    const errors: unknown[] = [];
    let isSettled = false;
    const session = createSpdySession({
      send(frame) {
        if (frame.equals(lastPing)) isSettled = true;
        else sent.push(frame);
      },
      onStream: (stream) => streams.push(stream),
      onError: (error) => errors.push(error),
    });
    /** Waits until all frames are handled. The session handles frames in order, so the last ping is answered last. */
    const settle = async (): Promise<void> => {
      isSettled = false;
      session.receive(lastPing);
      await eventually('the ping is answered', () => (isSettled ? done(undefined) : notYet('no answer')), {
        timeoutMs: 5000,
        intervalMs: 2,
      });
    };
    return { sent, streams, errors, session, settle };
  };

  test('opens streams with the client’s headers when the bytes come one by one', async () => {
    const client = createHeaderCodec();
    const { session, streams, sent, errors, settle } = start();
    const bytes = Buffer.concat([
      synStream(1, await client.encode({ streamtype: 'error', port: '80', requestid: '0' })),
      synStream(3, await client.encode({ streamtype: 'data', port: '80', requestid: '0' })),
    ]);
    for (const byte of bytes) session.receive(Buffer.from([byte]));
    await settle();
    expect(errors).toEqual([]);
    expect(streams.map(({ id, headers }) => [id, headers])).toEqual([
      [1, { streamtype: 'error', port: '80', requestid: '0' }],
      [3, { streamtype: 'data', port: '80', requestid: '0' }],
    ]);
    expect(sent.map((frame) => [frame[3], frame.readUInt32BE(8)])).toEqual([
      [2, 1],
      [2, 3],
    ]);
  });

  test('carries data and ends in both directions, and keeps data that came before the first listener', async () => {
    const client = createHeaderCodec();
    const { session, streams, sent, settle } = start();
    session.receive(synStream(1, await client.encode({ streamtype: 'data' })));
    session.receive(dataFrame(1, 0, 'hello'));
    session.receive(dataFrame(1, 1, ' world'));
    await settle();
    const [stream] = streams;
    const got: string[] = [];
    stream?.onData((chunk) => got.push(chunk.toString()));
    stream?.onEnd(() => got.push('<end>'));
    expect(got).toEqual(['hello', ' world', '<end>']);
    stream?.write(Buffer.from('answer'));
    stream?.end();
    stream?.write(Buffer.from('too late'));
    expect(sent.slice(1).map((frame) => [frame[4], frame.subarray(8).toString()])).toEqual([
      [0, 'answer'],
      [1, ''],
    ]);
  });

  test('answers pings and reports a stream that the client cancelled', async () => {
    const client = createHeaderCodec();
    const { session, streams, sent, settle } = start();
    session.receive(controlFrame(6, 0, uint32(7)));
    session.receive(synStream(1, await client.encode({ streamtype: 'data' })));
    await settle();
    expect(sent[0]).toEqual(controlFrame(6, 0, uint32(7)));
    let aborted = false;
    streams[0]?.onAbort(() => {
      aborted = true;
    });
    session.receive(controlFrame(3, 0, Buffer.concat([uint32(1), uint32(5)])));
    await settle();
    expect(aborted).toBe(true);
  });
});
