// Does what a page of docs/authoring says, as its reader would: writes the files, makes the edits, types the commands.
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { lexer } from 'marked';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What a code block of the page asks for. The words after its language are not shown to the reader. */
export type Action =
  | { readonly is: 'write'; readonly file: string; readonly text: string }
  | { readonly is: 'edit'; readonly file: string; readonly old: string; readonly new: string }
  | { readonly is: 'type'; readonly command: string; readonly shows: string; readonly needsCluster: boolean };

/** In the order of the page. @throws Error for a block that it does not understand */
export const actionsOf = (markdown: string): readonly Action[] =>
  lexer(markdown).flatMap((token): readonly Action[] => {
    if (token.type !== 'code') return [];
    const [language = '', ...words] = String(token.lang ?? '').split(' ');
    const [word = ''] = words;
    const [verb, file = ''] = word.split('=');
    if (verb === 'write') return [{ is: 'write', file, text: `${token.text}\n` }];
    if (verb === 'edit') return [{ is: 'edit', file, old: side(token.text, '+'), new: side(token.text, '-') }];
    if (language === 'sh') return commandsIn(token.text, word === 'cluster');
    throw new Error(`a code block is neither written, nor an edit, nor typed: ${token.raw}`);
  });

/** The lines of a diff without those of one sign. */
const side = (diff: string, without: '+' | '-'): string =>
  diff
    .split('\n')
    .filter((line) => !line.startsWith(without))
    .map((line) => `${line.slice(1)}\n`)
    .join('');

const commandsIn = (text: string, needsCluster: boolean): readonly Action[] =>
  text
    .split(/^(?=\$ )/m)
    .map((part) => part.split('\n'))
    .map(([first = '', ...shown]) => ({
      is: 'type',
      command: first.replace(/^\$ /, ''),
      shows: shown.join('\n'),
      needsCluster,
    }));

export interface Reader {
  /** Types a command into bash, with `labs` of this checkout. @returns all that it prints */
  type(command: string): Promise<string>;
  write(file: string, text: string): Promise<void>;
  edit(file: string, old: string, replacement: string): Promise<void>;
}

/** @param folder empty. The state of labs and the program are beside it */
export const readerIn = async (folder: string): Promise<Reader> => {
  const programs = `${folder}.programs`;
  await mkdir(programs, { recursive: true });
  await symlink(join(root, 'bin/labs.js'), join(programs, 'labs'));
  const home = Object.fromEntries(
    ['STATE', 'DATA', 'CACHE'].map((kind) => [`XDG_${kind}_HOME`, `${folder}.${kind.toLowerCase()}`]),
  );
  const env = {
    ...home,
    PATH: `${programs}:${dirname(process.execPath)}:${process.env.PATH}`,
    NO_COLOR: '1',
    LC_ALL: 'C.UTF-8',
    LABS_LANG: '',
    LABS_NAME: '',
    LABS_DEBUG: '',
    npm_command: '',
  };
  return {
    type: async (command) => {
      const { stdout } = await execa('bash', ['-c', `exec 2>&1\n${command}`], { cwd: folder, env, reject: false });
      return stdout;
    },
    write: async (file, text) => {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), text);
    },
    edit: async (file, old, replacement) => {
      const text = await readFile(join(folder, file), 'utf8');
      const pieces = text.split(old);
      if (pieces.length !== 2) throw new Error(`${file} has these lines ${pieces.length - 1} times:\n${old}`);
      await writeFile(join(folder, file), pieces.join(replacement));
    },
  };
};

/** What differs from run to run. */
export const masked = (text: string, folder: string): string =>
  text
    .replaceAll(folder, '/home/you')
    .replaceAll(/ +\d+\.\d s\b/g, ' 0.0 s')
    .replaceAll(/\(\d+\.\d s\)/g, '(0.0 s)')
    .replaceAll(/\d+ KiB/g, '0 KiB')
    .replaceAll(/sha256:[0-9a-f]+/g, 'sha256:…')
    .trimEnd();
