// Finds out how this copy of labs was installed, because upgrading and removing it depend on that.
import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import packageJson from '../../../package.json' with { type: 'json' };

export interface Installation {
  /** `clone` of the repository; `global` by `npm install -g`; `local` in a project; `npx`, in the cache of npx. */
  readonly kind: 'clone' | 'global' | 'local' | 'npx';
  /** Where the person stands who upgrades or removes it: the clone, the prefix of npm, or the project. */
  readonly folder: string;
  /** The user may write there. */
  readonly writable: boolean;
}

export const packageName: string = packageJson.name;

/** @param root the folder of the package, without links */
export const findInstallation = (root: string): Installation => {
  if (existsSync(join(root, 'src'))) return { kind: 'clone', folder: root, writable: isWritable(root) };
  const modules = dirname(root);
  const writable = isWritable(modules);
  if (modules.includes('/_npx/')) return { kind: 'npx', folder: dirname(modules), writable };
  // npm puts global packages below lib, except on Windows.
  const prefix = dirname(dirname(modules));
  if (isSameFile(join(prefix, 'bin', 'labs'), join(root, 'bin', 'labs.js')))
    return { kind: 'global', folder: prefix, writable };
  return { kind: 'local', folder: dirname(modules), writable };
};

/**
 * The commands that upgrade this copy, one a line.
 * @param prefix where `npm install -g` installs by itself
 */
export const upgradeCommands = ({ kind, folder, writable }: Installation, prefix?: string): readonly string[] => {
  const sudo = writable ? '' : 'sudo ';
  const tarball = `./${packageName}-*.tgz`;
  if (kind === 'clone') return [`cd ${quote(folder)}`, `${sudo}git pull`, `${sudo}npm ci`];
  if (kind === 'global') return [`${sudo}npm install -g${prefixOption(folder, prefix)} ${tarball}`];
  if (kind === 'local') return [`${sudo}npm install --prefix ${quote(folder)} ${tarball}`];
  return [`npx --yes --package ${tarball} labs --version`];
};

/** The command that removes the program. A clone is removed by hand, because it may hold the user's work. */
export const removeCommand = ({ kind, folder, writable }: Installation, prefix?: string): string | undefined => {
  const sudo = writable ? '' : 'sudo ';
  if (kind === 'global') return `${sudo}npm uninstall -g${prefixOption(folder, prefix)} ${packageName}`;
  if (kind === 'local') return `${sudo}npm uninstall --prefix ${quote(folder)} ${packageName}`;
  return kind === 'npx' ? `rm -r ${quote(folder)}` : undefined;
};

const prefixOption = (folder: string, prefix: string | undefined): string =>
  prefix === folder ? '' : ` --prefix ${quote(folder)}`;

/** For a shell, and only if it needs quotes. */
const quote = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

const isWritable = (folder: string): boolean => {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
};

const isSameFile = (a: string, b: string): boolean => existsSync(a) && realpathSync(a) === realpathSync(b);
