// Names that a student chose so that tools print what is neither text nor JSON.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FactName } from '../../../src/api/facts.ts';
import { createDataplane } from '../../../src/fabric/dataplane.ts';
import { createFacts } from '../../../src/fabric/facts.ts';
import { createProcessTable } from '../../../src/fabric/processes.ts';
import { startMachine, type TestMachine } from './machine.ts';

const table = createProcessTable();
const gather = createFacts(table);
const readAll = createDataplane(table);

let machine: TestMachine;
beforeEach(async () => {
  machine = await startMachine();
  await machine.sh('ip link add cni0 type bridge; ip link set cni0 up');
});
afterEach(() => machine?.[Symbol.asyncDispose]());

const own = () => ({ machine: 'node01', pid: machine.pid });
const facts = (...want: readonly FactName[]) => gather({ place: own(), want });
const dataplane = () => readAll({ machines: [own()] }, new AbortController().signal);

describe('a name in the rules that is no text', () => {
  test.each([
    ['a chain of iptables', `bash -c "iptables -t nat -N $'a\\xff'"`, 'chain a'],
    [
      'a link in a native rule',
      `bash -c "printf 'table ip x { chain y { iifname \\"z\\xff\\" accept; }; }' | nft -f -"`,
      'z',
    ],
  ])('names the machine and the line: %s', async (_, script, line) => {
    await machine.sh(script);
    const refusal = {
      code: 'FABRIC_RULES_NO_TEXT',
      message: expect.stringMatching(new RegExp(`^a name in the rules of node01 is no text, .*${line}`)),
    };
    await expect(facts('nft')).rejects.toMatchObject(refusal);
    await expect(dataplane()).rejects.toMatchObject(refusal);
  });
});

test.each([
  ['the alias of a link', `ip link set cni0 alias $'a\\x01b\\x1f\\n"c'`],
  ['the alias of a link in no coding', `ip link set cni0 alias $'a\\xffb'`],
  [
    'the name of a link',
    `x=$'x\\x01\\xff'; ip link add $x type bridge; ip link set $x up; ip route add 10.9.0.0/16 dev $x`,
  ],
])('%s with control characters is read', async (_, script) => {
  await machine.sh(`cat >/tmp/x <<'END'\n${script}\nEND\nbash /tmp/x`);
  const { links = [] } = await facts('links', 'routes', 'conntrack', 'iptables', 'nft');
  expect(links.map(({ name }) => name)).toContain('cni0');
  const [, texts] = await dataplane();
  for (const text of [texts?.addresses, texts?.routes, texts?.rules, texts?.neighbours, texts?.fdb, texts?.queues])
    expect(() => JSON.parse(text || '[]')).not.toThrow();
});
