// Mistakes that are made in the good lab, each with the rule and the line that `labs lint` must name.

export interface Mistake {
  readonly name: string;
  readonly file: string;
  /** Undefined: the file is new, and `to` is all of it. With `to` undefined, the file is deleted. */
  readonly from?: string;
  readonly to?: string;
  readonly rule: string;
  /** The images that Docker has, if it answers. */
  readonly loaded?: readonly string[];
  /** A text in the line that is named, after the mistake. Default: the first line that `to` changes in `file`. */
  readonly at?: { readonly file?: string; readonly text: string };
}

const lab = 'lab.yaml';
const web = 'tasks/web.md';
const shop = 'manifests/shop.yaml';
const look = 'tasks/look.md';
const pods = 'solve/pods.ts';

const countCheck =
  '{ id: none, type: iptables, title: { en: N, ko: 엔 }, on: node/*, rules: { comment: x }, count: 0 }';
const routeCheck = '{ id: route, type: route, title: { en: R, ko: 알 }, on: node/node01, to: default }';

const change = (
  name: string,
  rule: string,
  file: string,
  [from, to]: readonly [string, string],
  at?: Mistake['at'],
) => ({
  ...{ name, rule, file, from, to },
  ...(at ? { at } : {}),
});

export const mistakes: readonly Mistake[] = [
  change('a quote that is not closed', 'yaml', lab, ['title: { en: A good lab', 'title: { en: "A good lab']),
  change('a tab', 'yaml', lab, ['  port: {', '\tport: {']),
  change('a field twice', 'yaml', lab, ['name: good', 'name: good\nname: good'], { text: 'name: good\nname' }),
  change('a misspelt field', 'schema', lab, ['restore: solve', 'restor: solve']),
  change('a missing field', 'schema', lab, ['name: good\n', ''], { text: 'apiVersion' }),
  change('an unknown type of check', 'schema', lab, ['type: process', 'type: proces']),
  change('a text for a number', 'schema', lab, ['object: pod/web', 'object: pod/web\n        points: many'], {
    text: 'points: many',
  }),
  change('an unknown role', 'schema', lab, ['role: control-plane', 'role: controlplane']),
  change('a wrong place', 'schema', lab, ['from: client', 'from: clients']),
  change('a need that does not exist', 'reference', lab, ['needs: runs', 'needs: rans']),
  change('a need of no task', 'reference', lab, ['needs: [look, web]', 'needs: [look, wab]']),
  change('a task that needs itself', 'reference', lab, ['needs: [look, web]', 'needs: mend']),
  change(
    'a need of a later task by a task',
    'reference',
    lab,
    ['    solve: solve/web.ts', '    needs: mend\n    solve: solve/web.ts'],
    {
      text: 'needs: mend',
    },
  ),
  change(
    'a need that another need implies',
    'repeated-need',
    lab,
    ['    solve: solve/web.ts', '    needs: look\n    solve: solve/web.ts'],
    {
      text: 'needs: [look',
    },
  ),
  change('a need that is named twice', 'repeated-need', lab, ['needs: [look, web]', 'needs: [look, look]']),
  change('an unknown node', 'reference', lab, ['on: node/node01', 'on: node/node02']),
  change('an id twice', 'reference', lab, ['id: scripted', 'id: answers']),
  change('an unknown choice', 'reference', lab, ['equals: two', 'equals: three']),
  change('no right answer', 'reference', lab, ['        equals: cni0\n', ''], { text: 'id: bridge' }),
  change('a hint that costs too much', 'reference', lab, [
    '- { en: Look at the second column., ko: 두 번째 열을 보세요. }',
    '- { cost: 9, text: { en: Look at the second column., ko: 두 번째 열을 보세요. } }',
  ]),
  change('an unknown parameter', 'parameter', lab, ['param:port', 'param:prot']),
  change('an unknown parameter in a text', 'parameter', look, ['ip route', 'ip route | grep $' + '{param:x}']),
  change('a missing script', 'missing-file', lab, ['solve: solve/web.ts', 'solve: solve/wab.ts']),
  { name: 'a missing text', rule: 'missing-file', file: 'tasks/mend.md', at: { file: lab, text: 'id: mend' } },
  change('a script that does not parse', 'script-syntax', 'solve/web.ts', [
    "await runPod(lab, 'web');",
    "await runPod(lab, 'web';",
  ]),
  change('a type that does not parse', 'script-syntax', 'solve/nodes.ts', ['(lab: LabHandle)', '(lab: : LabHandle)']),
  change('a script that ends too early', 'script-syntax', 'solve/look.ts', ["'two');\n};\n", "'two');\n};\nx = (\n"], {
    text: 'x = (',
  }),
  change('a solution without solve', 'script-export', 'solve/look.ts', ['const solve:', 'const slove:'], {
    file: lab,
    text: 'solve/look.ts',
  }),
  change('a check without check', 'script-export', 'checks/state.ts', ['const check:', 'const chek:'], {
    file: lab,
    text: 'checks/state.ts',
  }),
  change('a setup that is not exported', 'script-export', 'solve/mend.ts', ['export const setup', 'const setup'], {
    file: lab,
    text: 'setup: solve/mend.ts',
  }),
  change('an import of a missing file', 'script-import', 'solve/web.ts', ["'./pods.ts'", "'./pod.ts'"]),
  change('an import of a package', 'script-import', 'solve/web.ts', ["from './pods.ts'", "from 'lodash'"]),
  change('an unknown machine in a script', 'script-name', 'solve/mend.ts', ["lab.node('node01')", "lab.node('node1')"]),
  change('an answer to an unknown check', 'script-name', 'solve/look.ts', ["'why'", "'wy'"]),
  {
    name: 'a script of no task',
    rule: 'unused-script',
    file: 'solve/old.ts',
    to: 'export const solve = 1;\n',
    at: { text: 'export' },
  },
  { name: 'a text of no task', rule: 'unused-file', file: 'tasks/old.md', to: 'Old.\n', at: { text: 'Old' } },
  change(
    'checks that need each other',
    'needs-cycle',
    lab,
    ['object: pod/web\n', 'object: pod/web\n        needs: answers\n'],
    { text: 'needs: answers' },
  ),
  change('a need of a later task', 'later-need', lab, ['equals: cni0', 'equals: cni0\n        needs: web/runs'], {
    text: 'needs: web/runs',
  }),
  change(
    'a need of the opposite',
    'never-passes',
    lab,
    [
      'id: closed\n        type: process',
      'id: gone\n        type: object\n        object: pod/web\n        exists: false\n        needs: runs\n        title: { en: G, ko: 가 }\n      - id: closed\n        type: process',
    ],
    { text: 'id: gone' },
  ),
  change(
    'a next hop that is no address',
    'never-passes',
    lab,
    [
      'id: closed\n        type: process',
      'id: way\n        type: route\n        on: node/node01\n        to: 10.9.0.0/24\n        via: r2\n'.concat(
        '        title: { en: W, ko: 가 }\n      - id: closed\n        type: process',
      ),
    ],
    { text: 'via: r2' },
  ),
  change(
    'a network with the address of a host',
    'never-passes',
    lab,
    [
      'id: closed\n        type: process',
      'id: way\n        type: route\n        on: node/node01\n        to: 10.9.0.7/24\n'.concat(
        '        title: { en: W, ko: 가 }\n      - id: closed\n        type: process',
      ),
    ],
    { text: 'to: 10.9.0.7/24' },
  ),
  change(
    'a not without a need',
    'absence-needs',
    lab,
    ['        needs: runs\n        on: node/node01', '        on: node/node01'],
    { text: 'not: true' },
  ),
  change(
    'a count of 0 without a need',
    'absence-needs',
    lab,
    ['      - id: scripted', `      - ${countCheck}\n      - id: scripted`],
    { text: 'count: 0' },
  ),
  change('exists: false without a need', 'absence-needs', lab, [
    '        where: [{ path: .status.phase, equals: Running }]',
    '        exists: false',
  ]),
  change(
    'a process that always runs',
    'passes-untouched',
    lab,
    [
      '        where: [{ path: .status.phase, equals: Running }]',
      '        where: [{ path: .status.phase, equals: Running }]\n      - { id: proxy, type: process, title: { en: P, ko: 피 }, on: node/*, name: kube-proxy }',
    ],
    { text: 'id: proxy' },
  ),
  change(
    'an object that always exists',
    'passes-untouched',
    lab,
    ['pod/web\n        where: [{ path: .status.phase, equals: Running }]', 'namespace/kube-system'],
    { text: 'id: runs' },
  ),
  change(
    'a port that is always open',
    'passes-untouched',
    lab,
    [
      'needs: runs\n        on: node/node01\n        not: true\n        listening: 0.0.0.0:9999',
      'on: node/node01\n        listening: 0.0.0.0:10250',
    ],
    { text: 'id: closed' },
  ),
  change(
    'a route that is always there',
    'passes-untouched',
    lab,
    ['      - id: scripted', `      - ${routeCheck}\n      - id: scripted`],
    {
      text: 'id: route',
    },
  ),
  change('a title with the answer', 'spoiler', lab, ['You know the bridge,', 'You know cni0,']),
  change('a hint with the answer', 'spoiler', lab, ['Look at the second column.', 'Look at cni0.']),
  change('a title with the right choice', 'spoiler', lab, ['You know why,', 'It is because of a switch,']),
  change('a title with a word of the right choice', 'spoiler', lab, ['You know why,', 'The switch is known,']),
  change('a text with the answer', 'spoiler', look, ['See [', 'It is cni0. See [']),
  change('a text with the right choice', 'spoiler', look, ['See [', 'It is because of a switch. See [']),
  change('a title with an address that is the answer', 'spoiler', lab, [
    'title: { en: You know the bridge, ko: 브리지를 안다 }\n        question: { en: Which interface is the bridge?, ko: 브리지는 어느 인터페이스입니까? }\n        equals: cni0',
    'title: { en: "It is 10.$' +
      '{param:port}.2.3", ko: 브리지를 안다 }\n        question: { en: Which interface is the bridge?, ko: 브리지는 어느 인터페이스입니까? }\n        equals: "10.$' +
      '{param:port}.2.3"',
  ]),
  change('a short address that is the answer', 'spoiler', lab, [
    'title: { en: You know the bridge, ko: 브리지를 안다 }\n        question: { en: Which interface is the bridge?, ko: 브리지는 어느 인터페이스입니까? }\n        equals: cni0',
    'title: { en: "It is 10.1.2.3", ko: 브리지를 안다 }\n        question: { en: Which interface is the bridge?, ko: 브리지는 어느 인터페이스입니까? }\n        equals: 10.1.2.3',
  ]),
  change('a title with the fault', 'spoiler', lab, ['en: Repair the shop', 'en: Repair kube-proxy']),
  change('a text with the fault', 'spoiler', 'tasks/mend.md', ['A visitor', 'Hint: kube-proxy. A visitor']),
  change('a fault whose checks tell everything', 'reveals-cause', lab, ['        reveal: symptom\n', ''], {
    text: 'id: works',
  }),
  change('a title in one language', 'missing-translation', lab, [
    'title: { en: It answers, ko: 응답한다 }',
    'title: { en: It answers }',
  ]),
  change('a plain title', 'missing-translation', lab, [
    'title: { en: A web server, ko: 웹 서버 }',
    'title: A web server',
  ]),
  change('a plain title of one word', 'missing-translation', lab, [
    'title: { en: A web server, ko: 웹 서버 }',
    'title: Final',
  ]),
  change('a translation of one word that is none', 'same-translation', lab, [
    'title: { en: A web server, ko: 웹 서버 }',
    'title: { en: Final, ko: Final }',
  ]),
  change('a parameter that nothing uses', 'unused-parameter', lab, [
    '  port: {',
    '  unused: { from: 1, to: 2 }\n  port: {',
  ]),
  change('a misspelt function of the handle', 'script-name', 'solve/mend.ts', ['lab.kubectl(', 'lab.kubctl(']),
  change('a misspelt parameter in a script', 'script-name', 'solve/mend.ts', ["'shop.yaml'", 'String(lab.params.prt)']),
  change('a plain hint', 'missing-translation', lab, [
    '- { en: Look at the second column., ko: 두 번째 열을 보세요. }',
    '- Look at the second column.',
  ]),
  {
    name: 'a text in one language',
    rule: 'missing-translation',
    file: 'tasks/web.ko.md',
    at: { file: web, text: 'Make it' },
  },
  {
    name: 'a debrief in one language',
    rule: 'missing-translation',
    file: 'tasks/look.debrief.ko.md',
    at: { file: 'tasks/look.debrief.md', text: 'The bridge' },
  },
  change('a translation that is none', 'same-translation', lab, ['ko: 좋은 실습', 'ko: A good lab']),
  change('a command changed in one language', 'code-differs', 'tasks/look.ko.md', ['ip route', 'ip -4 route'], {
    text: '```node01',
  }),
  change('a block without a machine', 'fence-machine', look, ['```node01', '```']),
  change('a block of an unknown machine', 'fence-machine', look, ['```node01', '```node1']),
  change('a block that is not closed', 'fence-open', look, ['ip route\n```', 'ip route'], { text: '```node01' }),
  change('a quote in a command', 'command-syntax', look, ['ip route', 'echo "a']),
  change('a pipe to nothing', 'command-syntax', web, ['| wc -l', '| | wc -l']),
  change('a here-document without an end', 'command-syntax', web, ['END\n```', 'ND\n```'], { text: '<<END' }),
  change('a wide command', 'command-width', look, ['ip route', `ip route ${'x'.repeat(80)}`]),
  change('a gap to fill', 'placeholder', look, ['ip route', 'ip route get <address>']),
  change('a name in capitals to fill', 'placeholder', look, ['ip route', 'ip route get POD_ADDRESS']),
  change('a misspelt field in a text', 'manifest-field', web, ['containerPort', 'containerport']),
  change('a misspelt field in a file', 'manifest-field', shop, ['selector: { app: shop }', 'selektor: { app: shop }']),
  change('a misspelt field in a script', 'manifest-field', pods, ['  containers:', '  container:']),
  change(
    'a field in the wrong place',
    'manifest-field',
    shop,
    ['  replicas: 1\n', '  replicas: 1\n  containers: []\n'],
    { text: 'containers: []' },
  ),
  change('an unknown kind', 'manifest-kind', shop, ['kind: Service', 'kind: Servise']),
  change('a wrong apiVersion', 'manifest-kind', shop, ['apiVersion: apps/v1', 'apiVersion: v1']),
  change('a text for a port', 'manifest-value', shop, ['port: 80', 'port: "80"']),
  change('a number for a label', 'manifest-value', shop, ['selector: { app: shop }', 'selector: { app: 1 }']),
  change('a manifest that is no YAML', 'manifest-yaml', shop, [
    'metadata: { name: shop }',
    'metadata: { name: shop }}',
  ]),
  change('a link to a missing file', 'dead-link', look, ['(web.md)', '(wab.md)']),
  change('a link to a missing heading', 'dead-link', 'README.md', ['(#good)', '(#bad)']),
  change('a link to no address', 'dead-link', look, ['(web.md)', '(http://)']),
  change('an image that nobody knows', 'image-unchecked', shop, ['image: web', 'image: nginx:1']),
  {
    name: 'an image that is not loaded',
    rule: 'unknown-image',
    file: web,
    from: 'image: web',
    to: 'image: wep',
    loaded: [],
  },
  change('an exception without a reason', 'allow-reason', lab, ['name: good', 'name: good # labs-lint: allow schema']),
  change('an exception for nothing', 'unused-allow', lab, [
    'name: good',
    'name: good # labs-lint: allow schema because yes',
  ]),
];
