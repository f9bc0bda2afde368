// `kubectl logs`: GET /containerLogs/<namespace>/<pod>/<container>, with PodLogOptions as query.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { type LogSelection, renderLine, selectLines, splitLog } from '../runtime/cri-log.ts';
import { followLog } from './log-follower.ts';
import { findContainer, type PodLookup, RequestError } from './lookup.ts';

/** @throws RequestError before the response begins */
export const serveLogs = async (url: URL, response: ServerResponse, pods: PodLookup): Promise<void> => {
  const [, , namespace = '', pod = '', name = ''] = url.pathname.split('/').map(decodeURIComponent);
  const query = url.searchParams;
  const [selection, timestamps, limit] = [
    selectionFrom(query),
    isTrue(query.get('timestamps')),
    wholeNumber(query, 'limitBytes'),
  ];
  const container = findContainer(pods, namespace, pod, name, isTrue(query.get('previous')));
  const data = await readFile(container.logPath).catch(() => Buffer.alloc(0));
  const { lines, rest } = splitLog(data);
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.flushHeaders();
  const writer = createWriter(response, timestamps, limit);
  for (const line of selectLines(lines, selection)) if (!(await writer.write(line))) break;
  if (isTrue(query.get('follow')) && !writer.full()) {
    const stop = new AbortController();
    response.on('close', () => stop.abort());
    const isGrowing = (): boolean => pods.runtime.containers().some(({ id, exit }) => id === container.id && !exit);
    const offset = data.length - rest.length;
    for await (const more of followLog({ path: container.logPath, offset, isGrowing, signal: stop.signal })) {
      for (const line of more) await writer.write(line);
      if (writer.full()) break;
    }
  }
  response.end();
};

const createWriter = (response: ServerResponse, timestamps: boolean, limit: number | undefined) => {
  let left = limit ?? Number.POSITIVE_INFINITY;
  let continues = false;
  return {
    full: () => left <= 0,
    /** @returns false once the limit is reached */
    async write(line: Parameters<typeof renderLine>[0]): Promise<boolean> {
      const text = renderLine(line, timestamps, continues);
      const chunk = text.length > left ? text.subarray(0, left) : text;
      continues = !line.full;
      left -= chunk.length;
      if (!response.write(chunk) && !response.destroyed)
        await Promise.race([once(response, 'drain'), once(response, 'close')]);
      return left > 0;
    },
  };
};

const selectionFrom = (query: URLSearchParams): LogSelection => {
  const [tailLines, seconds, time] = [
    wholeNumber(query, 'tailLines'),
    wholeNumber(query, 'sinceSeconds'),
    query.get('sinceTime'),
  ];
  const since = seconds === undefined ? (time ? Date.parse(time) : undefined) : Date.now() - seconds * 1000;
  return { ...(tailLines === undefined ? {} : { tailLines }), ...(since === undefined ? {} : { since }) };
};

const wholeNumber = (query: URLSearchParams, name: string): number | undefined => {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^\d+$/.test(text))
    throw new RequestError(400, `invalid value "${text}" for ${name}: it must be a whole number`);
  return Number(text);
};

const isTrue = (text: string | null): boolean => text === 'true' || text === '1';
