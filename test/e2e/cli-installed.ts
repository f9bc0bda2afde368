// Packs this repository and installs the package into an empty folder, as a user does who has nothing but Node.
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { root } from './cli-support.ts';

export interface InstalledPackage {
  /** Finds `labs` of the package and the programs of the system, but nothing of this repository. */
  readonly environment: Readonly<Record<string, string>>;
  /** Each file of the installation with its size and time. */
  contents(): readonly string[];
  /** Where npm put the package. */
  readonly packageFolder: string;
  /** An empty folder in which to run labs. */
  readonly elsewhere: string;
  filesElsewhere(): readonly string[];
}

export const installPackage = async (folder: string): Promise<InstalledPackage> => {
  const [prefix, elsewhere] = [join(folder, 'prefix'), join(folder, 'elsewhere')];
  for (const each of [prefix, elsewhere]) mkdirSync(each, { recursive: true });
  const { stdout } = await execa('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root });
  const tarball = join(folder, stdout.trim().split('\n').at(-1) ?? '');
  await execa('npm', ['install', '--global', '--prefix', prefix, tarball], { cwd: elsewhere });
  const system = (process.env.PATH ?? '').split(delimiter).filter((each) => !each.includes('node_modules'));
  return {
    environment: { PATH: [join(prefix, 'bin'), ...system].join(delimiter) },
    contents: () =>
      readdirSync(prefix, { recursive: true, encoding: 'utf8' }).map((path) => {
        const { size, mtimeMs } = statSync(join(prefix, path));
        return `${path} ${size} ${mtimeMs}`;
      }),
    packageFolder: join(prefix, 'lib/node_modules/kube-network-labs'),
    elsewhere,
    filesElsewhere: () => readdirSync(elsewhere),
  };
};
