// Makes packages load when a program first uses them, instead of when the program starts.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * An import of one of these packages from our own code becomes an object with a getter for each export. A getter loads
 * the package. Code that uses an export at the top of a module still loads the package at the start.
 */
export const lazyPackages = (packages: readonly string[]): Plugin => ({
  name: 'lazy-packages',
  setup: ({ onResolve, onLoad }) => {
    const names = new RegExp(`^(?:${packages.join('|')})$`);
    onResolve({ filter: names }, ({ path, importer, kind, namespace, resolveDir }) => {
      if (namespace !== 'file' || kind !== 'import-statement' || importer.includes('/node_modules/')) return undefined;
      return { path, namespace: 'lazy', pluginData: resolveDir };
    });
    onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path, pluginData }) => {
      const folder = pluginData as string;
      return { resolveDir: folder, contents: getters(path, folder) };
    });
  },
});

const getters = (name: string, folder: string): string => {
  const load = createRequire(join(folder, 'importer.js'));
  const exported = Object.keys(load(name) as object).filter((key) => /^[A-Za-z_]\w*$/.test(key) && key !== 'default');
  const lines = exported.map((key) => `  get ${key}() { return load().${key}; },`);
  return `const load = () => require(${JSON.stringify(name)});\nmodule.exports = {\n${lines.join('\n')}\n};\n`;
};
