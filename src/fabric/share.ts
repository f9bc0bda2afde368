// Gives the same answer to all who ask the same at the same time. Only for those who look again after each change.
import type { FabricMethod } from '../api/fabric.ts';
import type { Handlers } from './agent.ts';

/** They only look, so an answer is as good for the second who asks. */
const shared: readonly FabricMethod[] = [
  'facts',
  'http',
  'tcp',
  'series',
  'sysctl',
  'lookup',
  'kube',
  'readFile',
  'journal',
];

/** All are told a change at the same moment. The slowest asks this much later than the first. */
const keepMs = 300;

/** @param version Another number after each change that was noticed: earlier answers may be out of date then. */
export const shareAnswers = (handlers: Handlers, version: () => number): Handlers => {
  const answers = new Map<string, { readonly version: number; readonly answer: Promise<unknown> }>();
  const ask = (method: FabricMethod, params: unknown): Promise<unknown> => {
    const key = JSON.stringify([method, params]);
    const known = answers.get(key);
    if (known?.version === version()) return known.answer;
    // Without a signal: whoever asked first may leave before the others.
    const handler = handlers[method] as (params: unknown) => Promise<unknown>;
    const entry = { version: version(), answer: handler(params) };
    answers.set(key, entry);
    const drop = (): void => void (answers.get(key) === entry && answers.delete(key));
    entry.answer.then(
      () => setTimeout(drop, keepMs),
      () => drop(),
    );
    return entry.answer;
  };
  return {
    ...handlers,
    ...Object.fromEntries(shared.map((method) => [method, (params: unknown) => ask(method, params)])),
  };
};
