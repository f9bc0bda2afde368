// Mistakes in the good lab with all sentences that `labs lint` says: none follows from another one.
import { expect, test } from 'vitest';
import { goodLab } from './good-lab.ts';
import { lintFiles } from './lint-files.ts';

/** Files with what is replaced in them. */
type Change = Readonly<Record<string, readonly (readonly [string, string])[]>>;

const param = (name: string): string => ['$', `{param:${name}}`].join('');

/** The good lab with routers behind its nodes, and a parameter in an address. */
const routed: Change['lab.yaml'] = [
  ['  port: {', '  net: { from: 20, to: 29 }\n  port: {'],
  [
    'cluster:\n',
    [
      'cluster:',
      '  networks:',
      `    - { name: campus, cidr: "10.${param('net')}.1.0/24" }`,
      '  machines:',
      ...['r1', 'r2', 'r3'].map(
        (name, index) =>
          `    - { name: ${name}, networks: [{ name: campus, address: "10.${param('net')}.1.${index + 1}" }] }`,
      ),
      '',
    ].join('\n'),
  ],
];

const cases: readonly (readonly [name: string, change: Change, found: readonly string[]])[] = [
  ['routers', { 'lab.yaml': routed }, []],
  [
    'a node with a name that is as near to several',
    { 'lab.yaml': [...routed, ['from: client', 'from: machine/r5']] },
    ['reference lab.yaml: from: there is no machine "r5" in cluster.machines; did you mean "r1", "r2" or "r3"?'],
  ],
  [
    'a machine that is named as a node',
    { 'lab.yaml': [...routed, ['from: client', 'from: node/r1']] },
    ['reference lab.yaml: from: there is no node "r1"; write machine/r1'],
  ],
  [
    'a client that is named as a machine',
    { 'lab.yaml': [...routed, ['from: client', 'from: machine/client']] },
    ['reference lab.yaml: from: there is no machine "client" in cluster.machines; write client/client'],
  ],
  [
    'a machine by its bare name',
    { 'lab.yaml': [...routed, ['from: client', 'from: r1']] },
    ['schema lab.yaml: tasks[1].checks[1].from: "r1" is not a place: write machine/r1'],
  ],
  [
    'a duration without its unit',
    { 'lab.yaml': [['object: pod/web', 'object: pod/web\n        within: 5']] },
    ['schema lab.yaml: tasks[1].checks[0].within: "5" is not a duration such as 5s or 500ms; did you mean "5s"?'],
  ],
];

test.each(cases)('%s', async (_, change, found) => {
  const files: Record<string, string> = { ...goodLab };
  for (const [file, replacements] of Object.entries(change))
    for (const [from, to] of replacements) {
      expect(files[file] ?? '').toContain(from);
      files[file] = from === '' ? to : (files[file] ?? '').replace(from, () => to);
    }
  const findings = await lintFiles(files);
  expect(findings.map(({ rule, file, text }) => `${rule} ${file}: ${text.en}`)).toEqual(found);
  for (const { text } of findings) expect(text.ko, text.en).toMatch(/[가-힣]/);
});
