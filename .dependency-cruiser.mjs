// Holds the import rules of docs/architecture.md, "The folders of `src/`". `npm run check` runs them; a test proves that they find a breach.
const forbid = (name, from, to, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: { path: to },
});

/** Everything in src/ except the given folders. */
const allBut = (...folders) => `^src/(?!${folders.map((folder) => `${folder}/`).join('|')})`;

/** The kubelet's rooms. Each may import the rooms in its list and nothing else of the kubelet. */
const kubeletRooms = {
  runtime: [],
  container: ['runtime'],
  probe: ['runtime'],
  pod: ['container', 'probe', 'runtime'],
  node: ['runtime'],
  server: ['runtime'],
};

const forbidOtherRooms = (component, rooms) =>
  Object.entries(rooms).map(([room, allowed]) =>
    forbid(
      `${component}-${room}-imports-lower-rooms`,
      `^src/node/${component}/${room}/`,
      `^src/node/${component}/(?!(${[room, ...allowed].join('|')})/)`,
      `${component}/README.md has the picture`,
    ),
  );

export default {
  forbidden: [
    forbid('api-imports-nothing', '^src/api/', allBut('api'), 'api is pure'),
    forbid('kit-imports-nothing', '^src/kit/', allBut('kit'), 'kit has no domain'),
    forbid('dataplane-is-pure', '^src/dataplane/', allBut('dataplane', 'api', 'kit'), 'dataplane sees data only'),
    forbid('node-imports-api-and-kit', '^src/node/', allBut('node', 'api', 'kit'), 'nodes run without the host'),
    forbid('fabric-imports-api-and-kit', '^src/fabric/', allBut('fabric', 'api', 'kit'), 'the fabric runs alone'),
    forbid(
      'host-imports-api-kit-dataplane',
      '^src/host/',
      allBut('host', 'api', 'kit', 'dataplane'),
      'the host never runs node code',
    ),
    forbid(
      'instructor-is-for-cli',
      '^src/host/(?!cli/|instructor/)',
      '^src/host/instructor/',
      'what students use needs nothing of it',
    ),
    forbid('instructor-prints-nothing', '^src/host/instructor/', '^src/host/cli/', 'only host/cli prints'),
    {
      name: 'components-keep-apart',
      severity: 'error',
      comment: 'components meet at the API server only',
      from: { path: '^src/node/(apiserver|controllers|scheduler|kubelet|podnet|proxy|dns)/' },
      to: { path: '^src/node/(apiserver|controllers|scheduler|kubelet|podnet|proxy|dns)/', pathNot: '^src/node/$1/' },
    },
    ...forbidOtherRooms('kubelet', kubeletRooms),
    {
      name: 'only-sys-starts-programs',
      severity: 'error',
      comment: 'a node starts programs in src/node/sys only',
      from: { path: '^src/node/', pathNot: '^src/node/sys/' },
      to: { path: '^(node:)?child_process$|node_modules/(execa|zx)/' },
    },
    {
      name: 'proxy-modes-keep-apart',
      severity: 'error',
      comment: 'what proxy modes share is in proxy/xtables, proxy/view or proxy itself',
      from: { path: '^src/node/proxy/(iptables|ipvs|nftables|userspace)/' },
      to: { path: '^src/node/proxy/(iptables|ipvs|nftables|userspace)/', pathNot: '^src/node/proxy/$1/' },
    },
    {
      name: 'proxy-xtables-knows-no-mode',
      severity: 'error',
      from: { path: '^src/node/proxy/xtables/' },
      to: { path: '^src/node/proxy/(iptables|ipvs|nftables|userspace)/' },
    },
    {
      name: 'only-docker-imports-dockerode',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/host/docker/' },
      to: { path: 'node_modules/dockerode' },
    },
    {
      name: 'only-cli-imports-inquirer',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/host/cli/' },
      to: { path: 'node_modules/(@?inquirer)' },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'src-imports-no-tools',
      severity: 'error',
      comment: 'package.json has all packages under devDependencies, because the bundles contain them',
      from: { path: '^src/' },
      to: { path: 'node_modules/(@biomejs|dependency-cruiser|esbuild|fast-check|typescript|vitest|zx)/' },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
