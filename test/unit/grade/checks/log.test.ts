import { expect, test } from 'vitest';
import { gradeCheck } from '../world.ts';

test('a log check finds its line on every node', async () => {
  const check = { type: 'log', on: 'node/*', path: '/var/log/p.log', line: '/Adding.*temp/' };
  const all = { 'controlplane:/var/log/p.log': 'Adding temp', 'node01:/var/log/p.log': 'Adding temp' };
  expect((await gradeCheck(check, { files: { ...all, 'node02:/var/log/p.log': 'a\nAdding temp\n' } })).outcome).toBe(
    'pass',
  );
  expect(await gradeCheck(check, { files: { ...all, 'node02:/var/log/p.log': 'a\n' } })).toMatchObject({
    outcome: 'fail',
    observed: '/var/log/p.log on node02 has no such line',
  });
});

test('a log check finds what a component has logged in the journal, not in the file of the component', async () => {
  const check = { type: 'log', on: 'node/node01', line: '/Adding.*temp/' };
  const ofFile = { ...check, path: '/var/log/kube-proxy.log' };
  const world = {
    files: { 'node01:/var/log/kube-proxy.log': 'Adding temp\n', 'client:/var/log/kube-proxy.log': 'Adding temp' },
  };
  const logged = { ...world, journals: { 'node01:kube-proxy': 'Adding temp\n' } };
  for (const each of [ofFile, { ...check, unit: 'kube-proxy' }]) {
    expect((await gradeCheck(each, logged)).outcome).toBe('pass');
    expect(await gradeCheck(each, { ...world, journals: { 'node01:kube-proxy': 'Adding web\n' } })).toMatchObject({
      outcome: 'fail',
      observed: 'kube-proxy on node01 has logged no such line',
    });
    expect(await gradeCheck(each, world)).toMatchObject({ outcome: 'fail', observed: 'node01 has no journal' });
  }
  // No component runs on a client.
  expect((await gradeCheck({ ...ofFile, on: 'client' }, world)).outcome).toBe('pass');
});
