// The files of a new lab. Each of its tasks asks for a pod and a service.

export interface NewLab {
  readonly name: string;
  readonly title: string;
  /** The worker nodes. */
  readonly workers: number;
  /** The ids of the tasks. */
  readonly tasks: readonly string[];
}

export const packageName = 'kube-network-labs';

/** @returns path in the lab's folder → text */
export const filesOf = (lab: NewLab): ReadonlyMap<string, string> =>
  new Map([
    ['lab.yaml', definition(lab)],
    ['README.md', readme(lab)],
    ...supportFiles(lab.name),
    ...lab.tasks.flatMap((task): [string, string][] => [
      [`tasks/${task}.md`, taskText(task)],
      [`tasks/${task}.debrief.md`, debrief(task)],
      [`solve/${task}.ts`, solution(task)],
    ]),
  ]);

/** What an editor and npm need. */
export const supportFiles = (name: string): readonly (readonly [string, string])[] => [
  ['package.json', `${JSON.stringify({ name, private: true, type: 'module' }, null, 2)}\n`],
  ['tsconfig.json', `${JSON.stringify({ compilerOptions, include: ['**/*.ts'] }, null, 2)}\n`],
  ['.gitignore', 'node_modules/\n'],
];

/** labs runs a script by removing its types, so a script has only what can be removed. */
const compilerOptions = {
  target: 'es2024',
  module: 'nodenext',
  strict: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  erasableSyntaxOnly: true,
  verbatimModuleSyntax: true,
};

/** The line by which editors complete lab.yaml. */
export const schemaLine = `# yaml-language-server: $schema=./node_modules/${packageName}/schema/lab.schema.json`;

/** A text as YAML reads it, whatever it contains: JSON is YAML. */
const quoted = (text: string): string => JSON.stringify(text);

const definition = ({ name, title, workers, tasks }: NewLab): string => `${schemaLine}
apiVersion: labs/v1
name: ${name}
title: ${quoted(title)}
summary: What students learn here, in one sentence.
version: 0.1.0

cluster:
  nodes:
    - { name: controlplane, role: control-plane }
${Array.from({ length: workers }, (_, index) => `    - { name: ${workerName(index)} }\n`).join('')}
tasks:
${tasks.map(taskDefinition).join('\n')}`;

const workerName = (index: number): string => `node${String(index + 1).padStart(2, '0')}`;

const taskDefinition = (id: string): string => `  - id: ${id}
    title: Run ${id} behind a service
    solve: solve/${id}.ts
    hints:
      - Make a pod with \`kubectl run\`, and a service for it with \`kubectl expose\`.
    checks:
      - id: runs
        title: The pod ${id} is running
        type: object
        object: pod/${id}
        where:
          - { path: .status.phase, equals: Running }
      - id: answers
        title: Every node reaches ${id} by the address of its service
        type: http
        needs: runs
        within: 2s
        from: node/*
        url: 'http://\${service/${id}:.spec.clusterIP}/'
        body: 'pod: ${id}'
        lands: pod/${id}
`;

const taskText = (
  id: string,
): string => `A service has an address that stays, whatever happens to its pods. Run a pod **${id}** and make a service for it. On controlplane:

\`\`\`controlplane
kubectl run ${id} --image=web --labels=app=${id}
kubectl wait --for=condition=Ready pod/${id}
kubectl expose pod ${id} --port=80
\`\`\`

Call it from a node:

\`\`\`controlplane
curl -s http://$(kubectl get service ${id} -o jsonpath='{.spec.clusterIP}')/
\`\`\`
`;

const debrief = (
  id: string,
): string => `No machine has the address of the service ${id}. kube-proxy on each node turns it into rules, and the rules send each connection to the
pod.
`;

const solution = (id: string): string => `import type { SetupScript, SolveScript } from '${packageName}/lab';

/** \`labs solve\` runs this. It keeps what the student has made. */
export const solve: SolveScript = async (lab) => {
  if (!(await lab.object('pod/${id}'))) await lab.kubectl('run', '${id}', '--image=web', '--labels=app=${id}');
  await lab.kubectl('wait', '--for=condition=Ready', 'pod/${id}', '--timeout=60s');
  if (!(await lab.object('service/${id}'))) await lab.kubectl('expose', 'pod', '${id}', '--port=80');
};

/** \`labs reset ${id}\` runs this. */
export const clear: SetupScript = async (lab) => {
  await lab.kubectl('delete', 'service,pod', '${id}', '--ignore-not-found', '--grace-period=1');
};
`;

const readme = ({ name, title }: NewLab): string => `# ${title}

    labs start ./${name}          # builds the cluster and shows what there is to do
    labs lint ./${name}           # finds mistakes
    labs test ./${name}           # proves that it can be solved, and not be cheated
    labs pack ./${name}           # makes one file of it, to hand on

Edits of tasks, texts, checks and scripts act at once. An edit of \`cluster\` needs \`labs reset\`.

The editor finds the types of scripts in \`node_modules/${packageName}\`, a link that \`labs new\` has made. On another machine,
\`npm link ${packageName}\` makes it again.
`;
