import { expect, test } from 'vitest';
import type { Handlers } from '../../../src/fabric/agent.ts';
import { shareAnswers } from '../../../src/fabric/share.ts';

const sharing = () => {
  let calls = 0;
  let version = 1;
  const answers: PromiseWithResolvers<unknown>[] = [];
  const http = () => {
    calls += 1;
    const answer = Promise.withResolvers<unknown>();
    answers.push(answer);
    return answer.promise;
  };
  const handlers = shareAnswers({ http, hello: async () => ({ version: '1' }) } as unknown as Handlers, () => version);
  const ask = (url: string): Promise<unknown> => handlers.http({ url } as never, undefined as never);
  return { ask, answers, calls: () => calls, change: () => (version += 1) };
};

test('two who ask the same get the answer of one probe', async () => {
  const { ask, answers, calls } = sharing();
  const both = Promise.all([ask('http://a/'), ask('http://a/')]);
  answers[0]?.resolve('fine');
  expect(await both).toEqual(['fine', 'fine']);
  expect(await ask('http://a/')).toBe('fine');
  expect(calls()).toBe(1);
});

test('other questions have other answers', () => {
  const { ask, calls } = sharing();
  ask('http://a/');
  ask('http://b/');
  expect(calls()).toBe(2);
});

test('a probe that began before a change is not shared after it', async () => {
  const { ask, answers, calls, change } = sharing();
  const before = ask('http://a/');
  change();
  const after = ask('http://a/');
  answers[0]?.resolve('refused');
  answers[1]?.resolve('fine');
  expect([await before, await after]).toEqual(['refused', 'fine']);
  expect(await ask('http://a/')).toBe('fine');
  expect(calls()).toBe(2);
});

test('a failure is not kept', async () => {
  const { ask, answers, calls } = sharing();
  const first = ask('http://a/');
  answers[0]?.reject(new Error('no descriptor is left'));
  await expect(first).rejects.toThrow('no descriptor is left');
  ask('http://a/');
  expect(calls()).toBe(2);
});
