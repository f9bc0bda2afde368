import { expect, test } from 'vitest';
import { journalLine, podLine } from '../../../src/host/cli/log-lines.ts';
import { changeLines } from '../../../src/host/cli/terminal.ts';

const journal = (entry: object): unknown => JSON.parse(journalLine('node01', JSON.stringify(entry)));

test('a line of a journal has its time, machine, unit and message', () => {
  const entry = { __REALTIME_TIMESTAMP: '1764434475123456', _SYSTEMD_UNIT: 'kubelet.service', MESSAGE: 'started "db"' };
  expect(journal(entry)).toEqual({
    time: '2025-11-29T16:41:15.123Z',
    machine: 'node01',
    unit: 'kubelet',
    message: 'started "db"',
  });
});

test('what systemd says about a unit belongs to that unit', () => {
  const entry = { UNIT: 'kube-proxy.service', _SYSTEMD_UNIT: 'init.scope', MESSAGE: 'Stopped kube-proxy.' };
  expect(journal(entry)).toEqual({ machine: 'node01', unit: 'kube-proxy', message: 'Stopped kube-proxy.' });
});

test('a message of bytes is text, and an empty one is empty', () => {
  expect(journal({ MESSAGE: [...Buffer.from('안녕')] })).toMatchObject({ message: '안녕' });
  expect(journal({ MESSAGE: null })).toMatchObject({ message: '' });
});

test('a line of a pod has its time, namespace, pod, container and message', () => {
  const line = '[pod/blue/web] 2026-11-29T16:41:15.123456789Z GET / [200]';
  expect(JSON.parse(podLine({ namespace: 'shop', name: 'blue' }, line))).toEqual({
    time: '2026-11-29T16:41:15.123456789Z',
    namespace: 'shop',
    pod: 'blue',
    container: 'web',
    message: 'GET / [200]',
  });
});

test('a line without such a form is a message, so that no line is lost', () => {
  expect(JSON.parse(journalLine('node01', 'no JSON'))).toEqual({ machine: 'node01', message: 'no JSON' });
  expect(JSON.parse(podLine({ namespace: 'default', name: 'blue' }, 'odd'))).toMatchObject({ message: 'odd' });
});

test('lines are changed one by one, however the output is cut', async () => {
  const bytes = Buffer.from('하나\n\ntwo\nend');
  const cut = async function* () {
    for (const byte of bytes) yield Buffer.from([byte]);
  };
  const lines = [];
  for await (const line of changeLines(cut(), (text) => `<${text}>`)) lines.push(line);
  expect(lines).toEqual(['<하나>\n', '<>\n', '<two>\n', '<end>\n']);
});
