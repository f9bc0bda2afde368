// What is bundled into dist/, and how.
import { fileURLToPath } from 'node:url';
import type { BuildOptions } from 'esbuild';
import { components } from './components.ts';
import { lazyPackages } from './lazy-packages.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  charset: 'utf8',
  write: false,
  metafile: true,
  logLevel: 'warning',
  legalComments: 'none',
};

/** One self-contained file each, because nodes have no node_modules. CommonJS starts faster than ES modules. */
const insideContainers = (entryPoints: Record<string, string>): BuildOptions => ({
  ...common,
  entryPoints,
  outdir: 'dist',
  format: 'cjs',
  // Node keeps source text in memory, so whitespace costs. Names stay, because stack traces need them.
  minifyWhitespace: true,
  minifySyntax: true,
  // One other letter, such as an ellipsis, makes V8 take two bytes for each letter of the file.
  charset: 'ascii',
  // Optional native packages of ws.
  external: ['bufferutil', 'utf-8-validate'],
  plugins: [lazyPackages(rarelyUsed)],
});

/** A component that has just started uses none of these. Packages of ES modules would lose their tree shaking. */
const rarelyUsed = ['@peculiar/asn1-csr', '@peculiar/asn1-schema', '@peculiar/asn1-x509', 'ws', 'yaml'];

/** kube-proxy also runs in ordinary clusters, with the Node that is installed there. */
const outsideLabs: BuildOptions = { target: 'node22', banner: { js: '#!/usr/bin/env node' } };

/**
 * Split into chunks, so that `labs --help` does not load the code of `labs start`. The packages are in the bundles, so
 * that an installation has nothing else to fetch and gets the versions of package-lock.json.
 */
export const hostBundle: BuildOptions = {
  ...common,
  entryPoints: { labs: 'src/host/cli/main.ts', script: 'src/host/script/child.ts' },
  outdir: 'dist',
  format: 'esm',
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  // Optional native packages of ws.
  external: ['bufferutil', 'utf-8-validate'],
  // dockerode needs gRPC and protobuf only for BuildKit, which labs doesn't use, and ssh2 only for what
  // src/host/docker/ssh.ts does. Loading them takes long.
  alias: {
    ...{ '@grpc/grpc-js': './scripts/lib/absent.cjs', '@grpc/proto-loader': './scripts/lib/absent.cjs' },
    ...{ protobufjs: './scripts/lib/absent.cjs', ssh2: './scripts/lib/absent.cjs' },
    'string-width': './scripts/lib/string-width.ts',
  },
  define: { 'Intl.Segmenter': 'LazySegmenter' },
  inject: ['./scripts/lib/lazy-segmenter.ts'],
  minifyWhitespace: true,
  minifySyntax: true,
  // What packages in CommonJS find in every file.
  banner: {
    js: `import { createRequire as requireFrom } from 'node:module';
const require = requireFrom(import.meta.url), { dirname: __dirname, filename: __filename } = import.meta;`,
  },
};

/** The components of nodes, the fabric's agent, and the program that starts them. */
export const inContainers: readonly BuildOptions[] = [
  ...Object.entries(components).map(([folder, program]) => ({
    ...insideContainers({ [`node/${program}`]: `src/node/${folder}/main.ts` }),
    ...(program === 'kube-proxy' ? outsideLabs : {}),
  })),
  insideContainers({ fabric: 'src/fabric/main.ts' }),
  insideContainers({ start: 'src/node/start/main.ts' }),
];

/** The bundles that `start` runs, in dist/. */
export const programsInContainers: readonly string[] = [
  ...Object.values(components).map((program) => `node/${program}.js`),
  'fabric.js',
];
