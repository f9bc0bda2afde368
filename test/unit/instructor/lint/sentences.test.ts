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

const begin = `import type { SetupScript } from 'kube-network-labs/lab';

export const setup: SetupScript = async (lab) => {
  await lab.node('node01').$\`ip route\`;
};
`;

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
  [
    'an address that overlaps for some students',
    {
      'lab.yaml': [
        ...routed,
        ['net: { from: 20, to: 29 }', 'net: { from: 11, to: 99 }'],
        ['from: client', 'from: machine/r1'],
      ],
    },
    [
      'reference lab.yaml: with the parameter net = 96, 97, 98, …: cluster.networks[0].cidr: ' +
        '10.96.1.0/24 and the services’ range 10.96.0.0/12 overlap; each address must belong to one of them only',
    ],
  ],
  [
    'a machine that some students lack',
    {
      'lab.yaml': [
        ['  port: {', '  node: { oneOf: [node01, node02, node01] }\n  port: {'],
        ['on: node/node01', `on: node/${param('node')}`],
      ],
    },
    ['reference lab.yaml: with the parameter node = node02: on: there is no node "node02"; did you mean "node01"?'],
  ],
  [
    'a port that is too high for some students',
    {
      'lab.yaml': [
        ['to: 30199', 'to: 130199'],
        ['object: pod/web', `object: pod/web\n        points: "${param('port')}"`],
        ['from: 30100', 'from: 1'],
      ],
    },
    [
      'schema lab.yaml: with the parameter port = 1310, 1964, 2618, …: ' +
        'tasks[1].checks[0].points: is 1310, must be at most 1000',
    ],
  ],
  [
    'a misspelt field with the checks',
    { 'lab.yaml': [['    checks:\n      - id: bridge', '    cheks:\n      - id: bridge']] },
    ['schema lab.yaml: tasks[0]: unknown field "cheks"; did you mean "checks"?'],
  ],
  [
    'a misspelt field with the machines',
    { 'lab.yaml': [...routed, ['  machines:', '  machnes:'], ['from: client', 'from: machine/r1']] },
    ['schema lab.yaml: cluster: unknown field "machnes"; did you mean "machines"?'],
  ],
  [
    'a misspelt id of a check',
    { 'lab.yaml': [['id: runs', 'idd: runs']] },
    ['schema lab.yaml: tasks[1].checks[0]: unknown field "idd"; did you mean "id"?'],
  ],
  [
    'a map for a need',
    { 'lab.yaml': [['needs: [look, web]', 'needs: { task: look }']] },
    ['schema lab.yaml: tasks[2].needs: is a map, must be a text or a list'],
  ],
  [
    'a map for a need of a check',
    { 'lab.yaml': [['needs: runs', 'needs: { check: runs }']] },
    ['schema lab.yaml: tasks[1].checks[1].needs: is a map, must be a text or a list'],
  ],
  [
    'tasks with one id',
    {
      'lab.yaml': [
        ['  - id: web', '  - id: look'],
        ['needs: [look, web]', 'needs: look'],
        ['id: runs', 'id: bridge'],
        ['needs: runs', 'needs: bridge'],
        ['needs: runs', 'needs: bridge'],
      ],
    },
    ['reference lab.yaml: "look" is already the name of another task; the first is in line 13'],
  ],
  [
    'a wrong parameter of a fault',
    {
      'lab.yaml': [
        [
          '  - id: mend',
          '  - id: broken\n    fault: { name: selector-typo, caller: node03 }\n    text: tasks/mend.md\n  - id: mend',
        ],
      ],
    },
    ['reference lab.yaml: fault.caller: there is no node "node03"; did you mean "node01"?'],
  ],
  ...[
    {
      name: 'the service kubernetes',
      check: 'type: object, object: service/kubernetes',
      shows: 'service kubernetes is there',
    },
    { name: 'a link of a router', check: 'type: link, on: machine/r1, name: eth0, up: true', shows: 'r1 has ' },
    { name: 'a route of a router', check: 'type: route, on: machine/r1, to: default', shows: 'r1: default' },
  ].flatMap(({ name, check, shows }) =>
    ['', 'setup: solve/begin.ts\nmanifests: [manifests/shop.yaml]\n'].map((setup): (typeof cases)[number] => [
      `a check of ${name}${setup && ' in a lab with a setup'}`,
      {
        'lab.yaml': [
          ...routed,
          ['{ name: r1, ', '{ name: r1, routes: [{ to: default, via: "10.$' + '{param:net}.1.2" }], '],
          ['restore: ', `${setup}restore: `],
          ['      - id: scripted', `      - { id: easy, title: { en: E, ko: 이 }, ${check} }\n      - id: scripted`],
        ],
        ...(setup ? { 'solve/begin.ts': [['', begin]] } : {}),
      },
      [`passes-untouched lab.yaml: this check passes before the student has done anything: ${shows}`],
    ]),
  ),
  [
    'a route of a router that the setup names',
    {
      'lab.yaml': [
        ...routed,
        ['restore: ', 'setup: solve/begin.ts\nrestore: '],
        [
          '      - id: scripted',
          '      - { id: easy, title: { en: E, ko: 이 }, type: link, on: machine/r1, name: eth0 }\n      - id: scripted',
        ],
      ],
      'solve/begin.ts': [['', begin.replace("node('node01')", "machine('r1')")]],
    },
    [],
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
  expect(findings.map(({ rule, file, text }) => `${rule} ${file}: ${text.en}`)).toEqual(
    found.map((sentence) => expect.stringContaining(sentence)),
  );
  for (const { text } of findings) expect(text.ko, text.en).toMatch(/[가-힣]/);
});
