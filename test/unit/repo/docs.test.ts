import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { anchors, identifierIn, inlineCode, isPath, relativeLinks } from './markdown.ts';

const root = join(import.meta.dirname, '../../..');
// Includes new files that are not added yet.
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((name) => name !== '' && existsSync(join(root, name)));
const read = (name: string): string => readFileSync(join(root, name), 'utf8');

/** Leaves out task texts, which describe the cluster, and the changelog, which names removed things. */
const pages = tracked
  .filter((name) => name.endsWith('.md') && !/^labs\/[^/]+\/tasks\/|^CHANGELOG|^test\/fixtures\//.test(name))
  .map((name) => ({ name, text: read(name) }));

/** Texts that look like paths, but are not paths of this repository. */
const otherPaths = [
  /^(apps|discovery|autoscaling|policy|batch|networking)\/v\d/, // API groups
  /^(api|apis|healthz|livez|readyz|metrics|proc|sys|run|var|etc|tmp|dev)\b/, // on a server or on Linux
  /^(kubernetes|k8s)\.io\//,
  /^[\w.-]+\.(io|com|org)\//,
  /^(application|text)\/[\w.-]+$/, // MIME types
  /^(dist|out|node_modules)(\/|$)/, // made by the build and the tests
  /^@[\w-]+\//, // packages of npm
  /^[A-Z][a-z]+[A-Z]\w*\.\w+$/, // a method of an interface
  /^(pod|node|machine|task)\/(NAME|NAMESPACE|check)/, // notations of the lab format and the report
  /^labs\/pod-subnet$/, // a label
  /^context\.json$/, // a field of a context
  /^((answers|submission)\.yaml|node01\/fix\.sh)$/, // files that a student hands in
  /^main\.ts$/, // the entry point of each component
  /^namespace\/name$/, // the key of an object
  /^\.test\.ts$/, // an ending
  /^kube-proxy\.ts$/, // in the header of log lines
  /^commands\/where\.ts$/, // the example of a recipe
  /^docs\/specification\.md$/, // in the DNS schema's repository
];
/** In a recipe, X stands for any name: `openX`. */
const placeholder = /[a-z]X$/;
/** Identifiers of Kubernetes, Go or Linux that the sources do not contain. */
const otherNames: readonly string[] = ['OnDelete'];

const words = new Set(
  tracked
    .filter((name) => /\.(ts|js|mjs|cjs|json|yaml|sh)$/.test(name) && name !== 'package-lock.json')
    .flatMap((name) => read(name).match(/\w+/g) ?? []),
);

/** Folders that a page may leave out of a path. It may also leave out its own folder and the folder above. */
const bases = ['.', 'src', 'src/node', 'src/host', 'image', 'labs/service-networking'];

/** A placeholder such as NAME stands for any name: its folder must exist. */
const withoutPlaceholder = (path: string): string => path.replace(/\/[^/]*\b[A-Z]{3,}\b(?<!README)[^/]*$/, '');

const isThere = (page: string, named: string): boolean => {
  const path = withoutPlaceholder(named);
  const folder = dirname(page);
  const places = [folder, dirname(folder), ...bases].map((base) => join(root, base, path));
  if (places.some((place) => existsSync(place))) return true;
  // A README may name a file below its folder by the end of its path. A page in docs/ may do so for every file.
  const scope = folder === '.' || folder.startsWith('docs') ? '' : `${folder}/`;
  const isNamed = (name: string): boolean =>
    path.endsWith('/') ? `/${name}`.includes(`/${path}`) : `/${name}`.endsWith(`/${path}`);
  return tracked.some((name) => name.startsWith(scope) && isNamed(name));
};

describe('the pages of this repository', () => {
  test('name only files that exist', () => {
    // The pages for authors name the files of a lab that the reader writes.
    const ours = pages.filter(({ name }) => !name.startsWith('docs/authoring/'));
    const named = ours.flatMap(({ name, text }) =>
      inlineCode(text)
        .filter((code) => isPath(code) && !otherPaths.some((other) => other.test(code)))
        .map((path) => ({ name, path })),
    );
    expect(named.length).toBeGreaterThan(50);
    const missing = named.filter(({ name, path }) => !isThere(name, path));
    expect(missing.map(({ name, path }) => `${name}: ${path}`)).toEqual([]);
  });

  test('name only identifiers that occur in the sources', () => {
    const named = pages.flatMap(({ name, text }) =>
      inlineCode(text).flatMap((code) => {
        const identifier = identifierIn(code);
        return identifier === undefined || placeholder.test(identifier) ? [] : [{ name, identifier }];
      }),
    );
    expect(named.length).toBeGreaterThan(30);
    const unknown = named.filter(({ identifier }) => !words.has(identifier) && !otherNames.includes(identifier));
    expect(unknown.map(({ name, identifier }) => `${name}: ${identifier}`)).toEqual([]);
  });

  test('link only to files and headings that exist', () => {
    const links = pages.flatMap(({ name, text }) => relativeLinks(text).map((target) => ({ name, target })));
    expect(links.length).toBeGreaterThan(20);
    const broken = links.filter(({ name, target }) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? name : join(dirname(name), path);
      if (!existsSync(join(root, file))) return true;
      return anchor !== undefined && !anchors(read(file)).includes(anchor);
    });
    expect(broken.map(({ name, target }) => `${name}: ${target}`)).toEqual([]);
  });

  test('have at most 60 lines if they are the README of a folder', () => {
    const readmes = pages.filter(({ name }) => basename(name) === 'README.md' && name !== 'README.md');
    expect(readmes.length).toBeGreaterThan(15);
    // kube-proxy's page is longer: it explains four modes.
    const long = readmes.filter(
      ({ name, text }) => !name.startsWith('src/node/proxy/') && text.trimEnd().split('\n').length > 60,
    );
    expect(long.map(({ name }) => name)).toEqual([]);
  });
});
